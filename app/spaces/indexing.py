"""Builds the indexes of a space while others read and write, and removes a space that was retired."""

import logging
import uuid

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.db import jobs, removal, spaces, vector_indexes
from app.db.locks import only_one
from app.jobs.client import JobClient
from app.spaces import reindex
from app.types import SpaceState

log = logging.getLogger(__name__)
AT_ONCE = 500  # products whose vectors are removed in one transaction


def index_space(engine: Engine, client: JobClient, job_id: uuid.UUID, memory_mb: int, processes: int) -> None:
    """Builds the indexes that the space of a reindex lacks, then ends the job. One process at a time builds them.

    Args:
        engine: of the database.
        client: ends the job.
        job_id: of the reindex.
        memory_mb: that PostgreSQL may use for an index.
        processes: of PostgreSQL that build one together.
    """
    with only_one(engine, f"index {job_id}") as is_ours:
        if not is_ours:
            return
        with client.transaction() as session:
            job = jobs.touch(session, job_id)
            space = None if job is None else spaces.find(session, (job.result or {})["space"])
        if space is None or space.state == SpaceState.RETIRED:
            return
        try:
            for index in vector_indexes.build(engine, space, memory_mb, processes):
                with client.transaction() as session:
                    if reindex.running(session, job_id) is None:
                        return
                    jobs.amend(session, job_id, result={"building": index.name})
        except OperationalError as error:
            reindex.hold_up(client, job_id, error)
            return
        with client.transaction() as session:
            reindex.complete(session, job_id, space.id)


def index_adopted(engine: Engine, client: JobClient, space_id: int, memory_mb: int, processes: int) -> None:
    """Builds the indexes of a space that a worker began with; searches compare with all that is there until then."""
    with only_one(engine, f"index of {space_id}") as is_ours, client.transaction() as session:
        space = spaces.find(session, space_id) if is_ours else None
    if space is not None and space.state != SpaceState.RETIRED:
        for index in vector_indexes.build(engine, space, memory_mb, processes):
            log.info("Building %s", index.name)


def clear_space(engine: Engine, client: JobClient, space_id: int) -> None:
    """Removes the indexes of a retired space, then its vectors, batch by batch; can be interrupted."""
    with only_one(engine, f"clear {space_id}") as is_ours:
        if not is_ours:
            return
        with client.transaction() as session:
            space = spaces.find(session, space_id)
        if space is None or space.state != SpaceState.RETIRED:
            return
        vector_indexes.drop(engine, space)
        with client.transaction() as session:
            catalogues = removal.catalogue_ids(session)
        for catalogue_id in catalogues:
            after: int | None = 0
            while after is not None:
                with client.transaction() as session:
                    after = removal.remove_embeddings(session, space_id, catalogue_id, after=after, most=AT_ONCE)
