"""Measures searches over HTTP, by however many at once, beside the same pipeline in one process without any of that."""

import base64
import itertools
import json
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from app.catalog import service as catalog
from app.db import catalogues, products, tenants
from app.keys.service import TENANT
from app.sample.queries import HeldOut
from app.search.frozen import thaw
from app.settings import Settings
from app.spaces import service as spaces
from app.types import JobState, Modality, QueryPart, SearchQuery
from workers.answering import answer
from workers.connections import Connections
from workers.shared_parts import SharedParts
from workers.towers import HeldSpaces, Towers

KINDS = {"text": ("english", "chinese"), "image": ("picture",), "speech": ("voice",), "mix": ("mix",)}
HITS = 20
PATIENCE = 60  # seconds that an answer is waited for
TURN = 10  # queries in a row by the same way
PAUSE = 0.1  # seconds before a job is read again
REFUSED = 503
ENDED = [state for state in JobState if state.is_final]


@dataclass
class Measured:
    """Searches of one kind by one number of clients."""

    kind: str
    clients: int  # 0: in this process
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)  # ms, of those that were answered
    refused: int = 0  # told to come again later
    failed: int = 0

    @property
    def a_second(self) -> float:
        """Answers."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def percentile(self, share: int) -> float:
        """Of the times, in ms; `share` from 1 to 99."""
        if len(self.times) < 2:
            return self.times[0] if self.times else float("nan")
        return statistics.quantiles(self.times, n=100, method="inclusive")[share - 1]

    def document(self) -> dict[str, Any]:
        """As the report has it."""
        times = {f"p{share}": round(self.percentile(share), 1) for share in (50, 95, 99)}
        counts = {"answered": len(self.times), "refused": self.refused, "failed": self.failed}
        return {"kind": self.kind, "clients": self.clients, **counts, **times, "a_second": round(self.a_second, 2)}


class Queries:
    """Queries of one kind that are never the same: what is kept of an earlier one answers none of them."""

    def __init__(self, kind: str, held_out: Sequence[HeldOut]) -> None:
        self.kind = kind
        self._own = itertools.cycle([each for each in held_out if each.kind in KINDS[kind]])
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[HeldOut]:
        return self

    def __next__(self) -> HeldOut:
        return self.numbered(self.drawn())

    def drawn(self) -> HeldOut:
        """The next one, as it may have been drawn before."""
        with self._lock:
            return next(self._own)

    def numbered(self, query: HeldOut) -> HeldOut:
        """What was drawn, with a number of its own: to the encoders it is another one."""
        with self._lock:
            number = next(self._numbers)
        behind = str(number).encode()  # behind a picture's or a recording's end nothing is read
        return replace(
            query,
            text=None if query.text is None else f"{query.text} {number}",
            image=None if query.image is None else query.image + behind,
            speech=None if query.speech is None else query.speech + behind,
        )


class Alone:
    """The pipeline of a search in this process, products of the first page included: no HTTP, queue or rows of jobs."""

    def __init__(self, settings: Settings, catalogue: str) -> None:
        self._connections = Connections.of(settings)
        parts = SharedParts.load(settings)
        parts.load_transcriber()
        held = HeldSpaces(self._connections, parts)
        with self._connections.sessions() as session:
            tenant = tenants.find_or_create(session, TENANT)
            found = catalogues.find(session, tenant, catalogue)
            assert found is not None
            self._catalogue = found
            self._towers: Towers = held.of(spaces.answering(session, found))

    def search(self, query: HeldOut) -> None:
        """Answers one query, and reads the products of its first page."""
        store = self._connections.store
        with self._connections.sessions() as session:
            asked = SearchQuery(parts=tuple(self._parts(query)), limit=HITS)
            found = answer(session, store, self._towers, self._catalogue, asked).document(0.0)
            shown = products.by_ids(session, [hit["product_id"] for hit in thaw(found, 0, HITS)])
            catalog.views(session, list(shown.values()))

    def _parts(self, query: HeldOut) -> Iterator[QueryPart]:
        if query.text is not None:
            yield QueryPart(name="text", modality=Modality.TEXT, text=query.text)
        for name, modality, data in (("image", Modality.IMAGE, query.image), ("speech", Modality.SPEECH, query.speech)):
            if data is not None:
                yield QueryPart(name=name, modality=modality, media=self._connections.store.put(data))


class OverHttp:
    """Searches as a shop's server sends them, each waiting for its answer."""

    def __init__(self, url: str, key: str, catalogue: str) -> None:
        self._path = f"/v1/catalogues/{catalogue}/searches"
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        headers = {"Authorization": f"Bearer {key}", "Prefer": f"wait={PATIENCE}"}
        self._http = httpx.Client(base_url=url, headers=headers, limits=limits, timeout=2 * PATIENCE)

    def search(self, query: HeldOut) -> int:
        """Asks one query, and waits for its answer; the status of that."""
        files = {"image": query.image, "speech": query.speech}
        sent: dict[str, Any] = {"limit": HITS} | ({} if query.text is None else {"text": query.text})
        sent |= {name: {"base64": base64.b64encode(data).decode()} for name, data in files.items() if data is not None}
        answered = self._http.post(self._path, json=sent)
        while answered.status_code == httpx.codes.ACCEPTED:  # as many as may wait within the web process do so
            time.sleep(PAUSE)
            read = self._http.get(answered.headers["Location"], params={"wait": PATIENCE})
            if read.status_code != httpx.codes.OK or read.json()["state"] in ENDED:
                return read.status_code
        return answered.status_code

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()


def beside(alone: Alone, http: OverHttp, queries: Queries, count: int) -> tuple[Measured, Measured]:
    """So many queries in this process and over HTTP: some the one way, then the same the other, in turn.

    Each is asked as soon as the one before it is answered, as by any number of clients.
    """
    inside, outside = Measured(queries.kind, 0), Measured(queries.kind, 1)
    for begun in range(0, count, TURN):
        drawn = [queries.drawn() for _ in range(min(TURN, count - begun))]
        for measured, search in ((inside, alone.search), (outside, http.search)):
            for each in drawn:
                _timed(measured, partial(search, queries.numbered(each)))
    inside.seconds, outside.seconds = (sum(each.times) / 1000 for each in (inside, outside))
    return inside, outside


def at_once(http: OverHttp, queries: Queries, clients: int, seconds: float) -> Measured:
    """So many clients, each asking again as soon as it is answered, for so long."""
    measured = Measured(queries.kind, clients)
    started = time.perf_counter()

    def ask(_: int) -> None:
        while time.perf_counter() - started < seconds:
            _timed(measured, lambda: http.search(next(queries)))

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(ask, range(clients)))
    measured.seconds = time.perf_counter() - started
    return measured


def _timed(measured: Measured, search: Any) -> None:  # noqa: ANN401  either way of searching
    started = time.perf_counter()
    status = search()
    took = 1000 * (time.perf_counter() - started)
    if status == REFUSED:
        measured.refused += 1
        time.sleep(1)
    elif status not in (None, httpx.codes.OK):
        measured.failed += 1
    else:
        measured.times.append(took)


def settings_of(folder: Path) -> Settings:
    """Those of the stack that runs on a folder."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return Settings(
        database_url=run["database_url"], redis_url=run["redis_url"], media_url=run["media_url"], query_cache=0
    )
