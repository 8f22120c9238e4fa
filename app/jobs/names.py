"""The names of tasks and queues, and which task waits in which queue."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Queue(StrEnum):
    """Where tasks wait; each queue has workers of its own, so that an import never holds up a search."""

    QUERY = "query"
    EMBED = "embed"
    CHECK = "check"  # dry runs: the same workers, in turn with what waits to be embedded
    REINDEX = "reindex"  # the same workers, too, in turn with the others
    IMPORT = "import"
    FETCH = "fetch"  # pictures that searches name by their addresses: the workers of upkeep, in turn with theirs
    TRAIN = "train"
    UPKEEP = "upkeep"


class Task(StrEnum):
    """Every task, by the name that a message carries."""

    RUN_SEARCH = "search.run"
    FETCH_QUERY = "search.fetch"
    CHECK_RECALL = "search.recall"
    REPLAY_SEARCH = "search.replay"
    EMBED_PRODUCTS = "embed.products"
    RUN_IMPORT = "imports.run"
    CHECK_IMPORT = "imports.check"
    FETCH_MEDIA = "imports.fetch"
    PREPARE_SPACE = "spaces.prepare"
    BACKFILL = "spaces.backfill"
    INDEX_SPACE = "spaces.index"
    INDEX_ADOPTED = "spaces.index_adopted"
    VERIFY_SPACE = "spaces.verify"
    CLEAR_SPACE = "spaces.clear"
    UPKEEP_JOB = "upkeep.job"
    REMOVE_DUE = "upkeep.remove"
    SWEEP = "upkeep.sweep"
    INDEX_WORDS = "upkeep.words"
    TIDY = "upkeep.tidy"
    DELIVER = "upkeep.deliver"


QUEUE_OF_TASK = {
    Task.RUN_SEARCH: Queue.QUERY,
    Task.FETCH_QUERY: Queue.FETCH,
    Task.CHECK_RECALL: Queue.EMBED,
    Task.REPLAY_SEARCH: Queue.QUERY,
    Task.EMBED_PRODUCTS: Queue.EMBED,
    Task.RUN_IMPORT: Queue.IMPORT,
    Task.CHECK_IMPORT: Queue.CHECK,
    Task.FETCH_MEDIA: Queue.IMPORT,
    Task.PREPARE_SPACE: Queue.REINDEX,
    Task.BACKFILL: Queue.REINDEX,
    Task.VERIFY_SPACE: Queue.REINDEX,
    Task.INDEX_SPACE: Queue.UPKEEP,
    Task.INDEX_ADOPTED: Queue.UPKEEP,
    Task.CLEAR_SPACE: Queue.UPKEEP,
    Task.UPKEEP_JOB: Queue.UPKEEP,
    Task.REMOVE_DUE: Queue.UPKEEP,
    Task.SWEEP: Queue.UPKEEP,
    Task.INDEX_WORDS: Queue.UPKEEP,
    Task.TIDY: Queue.UPKEEP,
    Task.DELIVER: Queue.UPKEEP,
}


def search_task(request: Mapping[str, Any]) -> Task:
    """The next task of a search with this request: what it names by an address is fetched before it runs."""
    lacks = any(part.get("url") and not part["media"] for part in request.get("parts", ()))
    return Task.FETCH_QUERY if lacks else Task.RUN_SEARCH


def import_task(request: Mapping[str, Any]) -> Task:
    """The task of an import with this request: a dry run is done where the encoders are."""
    return Task.CHECK_IMPORT if request["dry_run"] else Task.RUN_IMPORT
