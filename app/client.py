"""The Python client of Triseek's HTTP interface."""

import base64
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import quote

import httpx

from app.errors import ApiProblem, ServerUnreachable
from app.types import JobKind, JobState, Modality

Content = bytes | Path  # a picture or recording, or the file that holds it
Document = dict[str, Any]  # a JSON object as the server sent it

_LONGEST_WAIT = 20.0  # seconds of one long poll
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # longer than any long poll


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job has come; `total` is unknown until the job has counted."""

    done: int
    failed: int
    total: int | None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the server last told it."""

    id: str
    kind: JobKind
    state: JobState
    progress: Progress
    result: Document | None  # once it succeeded
    error: Document | None  # a problem, once it failed
    document: Document  # all that the server told

    @classmethod
    def read(cls, document: Document) -> Self:
        """Reads what the server sent."""
        progress = document.get("progress") or {}
        return cls(
            id=document["id"],
            kind=JobKind(document["kind"]),
            state=JobState(document["state"]),
            progress=Progress(
                done=progress.get("done") or 0, failed=progress.get("failed") or 0, total=progress.get("total")
            ),
            result=document.get("result"),
            error=document.get("error"),
            document=document,
        )

    @classmethod
    def of(cls, answer: Document) -> Self:
        """Reads the job that an answer is, or that it holds as `job`."""
        return cls.read(answer.get("job", answer))

    def answer(self) -> Document:
        """The result of a job that succeeded.

        Raises:
            ApiProblem: It failed or was cancelled, or has not ended.
        """
        if self.state is JobState.SUCCEEDED:
            return self.result or {}
        raise ApiProblem(self.error or {"title": f"Job {self.id} is {self.state}"})


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """What a search can be told besides the query."""

    limit: int = 20  # hits, 1 to 200
    where: str | None = None  # the filter: `price < 50 AND colour IN ('red', 'blue')`
    facets: Sequence[str] = ()  # attributes to count the values of
    against: Sequence[Modality] = ()  # modalities of the products to compare with; all unless told
    rerank: bool = True
    explain: bool = False

    def document(self) -> Document:
        """These options as a request has them; what is not asked for stays out."""
        given = {"filter": self.where, "facets": list(self.facets), "against": [str(each) for each in self.against]}
        options = {"limit": self.limit, "rerank": self.rerank, "explain": self.explain}
        return options | {name: value for name, value in given.items() if value}


class Client:
    """Talks to one Triseek server with one API key. Every method raises `ApiProblem` or `ServerUnreachable`."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}"},
            timeout=_TIMEOUT,
            transport=httpx.HTTPTransport(retries=2),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def is_live(self) -> bool:
        """Whether the server answers.

        Raises:
            ServerUnreachable: Nothing listens there.
        """
        return bool(self._object(self._http.build_request("GET", "/health/live")))

    # Products

    def add_product(
        self,
        catalogue: str,
        product: Mapping[str, object],
        *,
        images: Sequence[Content] = (),
        speech: Sequence[Content] = (),
    ) -> Document:
        """Uploads a product, as a form if it has files, and replaces one of its SKU; returns `{"product", "job"}`."""
        files = [("image", _file(each, Modality.IMAGE)) for each in images]
        files += [("speech", _file(each, Modality.SPEECH)) for each in speech]
        path = f"{_path(catalogue)}/products"
        if not files:  # a form without files would not be sent as multipart
            return self._object(self._http.build_request("POST", path, json=product))
        form = {"product": json.dumps(product)}
        return self._object(self._http.build_request("POST", path, data=form, files=files))

    def put_product(
        self,
        catalogue: str,
        product: Mapping[str, object],
        *,
        images: Sequence[Content] = (),
        speech: Sequence[Content] = (),
    ) -> Document:
        """Replaces or creates a product; returns `{"product", "job"}`."""
        document = with_media(product, images=images, speech=speech)
        return self._object(self._http.build_request("PUT", _path(catalogue, str(product["sku"])), json=document))

    def get_product(self, catalogue: str, sku: str) -> Document:
        """A product as it is stored."""
        return self._get(_path(catalogue, sku), {})

    def delete_product(self, catalogue: str, sku: str) -> None:
        """Deletes a product."""
        self._send(self._http.build_request("DELETE", _path(catalogue, sku)))

    def products(self, catalogue: str, *, where: str | None = None, page: int = 100) -> Iterator[Document]:
        """Every product, or those that the filter `where` lets through; fetched `page` at a time."""
        return self._pages(f"{_path(catalogue)}/products", "products", {"filter": where, "limit": page})

    def import_ndjson(
        self, catalogue: str, file: Path | Iterable[bytes], *, dry_run: bool = False, name: str | None = None
    ) -> Job:
        """Uploads a file, or lines as they are made, one product a line; nothing is held in memory as a whole.

        `name` is an idempotency key: the same import sent twice under one name is done once.
        """
        if isinstance(file, Path):
            with file.open("rb") as opened:
                return self._import(catalogue, opened, dry_run=dry_run, name=name)
        return self._import(catalogue, file, dry_run=dry_run, name=name)

    def _import(self, catalogue: str, content: BinaryIO | Iterable[bytes], *, dry_run: bool, name: str | None) -> Job:
        request = self._http.build_request(
            "POST",
            f"{_path(catalogue)}/imports",
            content=content,
            params={"dry_run": "true"} if dry_run else None,
            headers={"Content-Type": "application/x-ndjson"} | ({"Idempotency-Key": name} if name else {}),
        )
        return Job.of(self._object(request))

    # Searches

    def search(
        self,
        catalogue: str,
        *,
        text: str | None = None,
        image: Content | None = None,
        speech: Content | None = None,
        options: SearchOptions = SearchOptions(),  # frozen
    ) -> Document:
        """Submits a search, polls its job until it ends and returns its result."""
        job = self.submit_search(catalogue, text=text, image=image, speech=speech, options=options)
        return self.wait(job.id).answer()

    def submit_search(
        self,
        catalogue: str,
        *,
        text: str | None = None,
        image: Content | None = None,
        speech: Content | None = None,
        options: SearchOptions = SearchOptions(),  # frozen
    ) -> Job:
        """Submits a search by any mix of text, picture and speech."""
        asked = {
            "text": text,
            "image": _base64(image) if image is not None else None,
            "speech": _base64(speech) if speech is not None else None,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return self._submit(f"{_path(catalogue)}/searches", given | options.document())

    # Jobs

    def job(self, job_id: str, *, wait: float = 0) -> Job:
        """A job as it is now, or as soon as it ends within `wait` seconds."""
        return Job.read(self._get(_job_path(job_id), {"wait": f"{wait:g}" if wait else None}))

    def follow(self, job_id: str, *, every: float = _LONGEST_WAIT) -> Iterator[Job]:
        """Polls a job until it ends; yields it at least every `every` seconds, the last time in its final state."""
        while True:
            asked = time.monotonic()
            job = self.job(job_id, wait=min(every, _LONGEST_WAIT))
            yield job
            if job.state.is_final:
                return
            # A server that answers at once, whatever was asked for, must not be asked without a pause.
            time.sleep(max(0.0, min(every, 0.2) - (time.monotonic() - asked)))

    def wait(self, job_id: str) -> Job:
        """Polls a job until it ends."""
        return [*self.follow(job_id)][-1]

    def jobs(self, *, state: JobState | None = None, kind: JobKind | None = None, page: int = 50) -> Iterator[Job]:
        """Jobs, newest first."""
        return map(Job.read, self._pages("/v1/jobs", "jobs", {"state": state, "kind": kind, "limit": page}))

    def cancel(self, job_id: str) -> Job:
        """Cancels a job that has not ended."""
        return Job.of(self._object(self._http.build_request("POST", f"{_job_path(job_id)}/cancel")))

    def job_errors(self, job_id: str) -> Iterator[Document]:
        """What was wrong with single rows or products of a job."""
        return self._pages(f"{_job_path(job_id)}/errors", "errors", {})

    def hits(self, job_id: str, *, page: int = 50) -> Iterator[Document]:
        """All the hits of a finished search."""
        return self._pages(f"{_job_path(job_id)}/hits", "hits", {"limit": page})

    # Requests

    def _submit(self, path: str, document: Mapping[str, object]) -> Job:
        return Job.of(self._object(self._http.build_request("POST", path, json=document)))

    def _get(self, path: str, params: Mapping[str, object]) -> Document:
        given = {name: str(value) for name, value in params.items() if value}
        return self._object(self._http.build_request("GET", path, params=given))

    def _pages(self, path: str, name: str, params: Mapping[str, object]) -> Iterator[Document]:
        page = self._get(path, params)
        yield from page[name]
        while cursor := page.get("next_cursor"):
            page = self._get(path, {**params, "cursor": cursor})
            yield from page[name]

    def _object(self, request: httpx.Request) -> Document:
        """The JSON object that a request is answered with."""
        answer = self._send(request)
        document = _read_json(answer)
        if document is None:
            raise ApiProblem({"title": f"{request.url.path} was not answered with a JSON object"}, answer.status_code)
        return document

    def _send(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            request.headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        try:
            answer = self._http.send(request)
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"{request.method} {request.url}: {error}") from error
        if answer.is_error:
            raise ApiProblem(_read_json(answer) or {"title": answer.reason_phrase}, answer.status_code)
        return answer


def with_media(
    product: Mapping[str, object], *, images: Sequence[Content] = (), speech: Sequence[Content] = ()
) -> Document:
    """The product with its pictures and recordings inside, as an NDJSON line or a PUT carries them."""
    media = {"images": [_base64(each) for each in images], "speech": [_base64(each) for each in speech]}
    return {**product, **{name: contents for name, contents in media.items() if contents}}


def _base64(content: Content) -> dict[str, str]:
    return {"base64": base64.b64encode(_bytes(content)).decode()}


def _file(content: Content, modality: Modality) -> tuple[str, bytes]:
    return (content.name if isinstance(content, Path) else str(modality), _bytes(content))


def _bytes(content: Content) -> bytes:
    return content.read_bytes() if isinstance(content, Path) else content


def _path(catalogue: str, sku: str | None = None) -> str:
    base = f"/v1/catalogues/{quote(catalogue, safe='')}"
    return base if sku is None else f"{base}/products/{quote(sku, safe='')}"


def _job_path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _read_json(answer: httpx.Response) -> Document | None:
    """The JSON object in an answer, if one is in it."""
    try:
        document = answer.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
