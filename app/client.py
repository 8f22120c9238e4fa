"""The Python client of Triseek's HTTP interface."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import httpx

from app.client_documents import Content, Document, ImportOptions, Job, SearchOptions, inline, read, with_media
from app.client_keys import KeyRequests
from app.client_spaces import SpaceRequests
from app.errors import ApiProblem
from app.types import EmbeddingState, JobKind, JobState, Modality

__all__ = ["Client", "Content", "Document", "ImportOptions", "Job", "SearchOptions", "with_media"]

_AS_USUAL = SearchOptions()
_ALL_TOLD = ImportOptions()
_LONGEST_WAIT = 20.0  # seconds of one long poll
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # longer than any long poll


class Client(SpaceRequests, KeyRequests):
    """Talks to one Triseek server with one API key. Every method raises `ApiProblem` or `ServerUnreachable`."""

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

    def products(
        self, catalogue: str, *, where: str | None = None, state: EmbeddingState | None = None, page: int = 100
    ) -> Iterator[Document]:
        """Every product, or those in a state that the filter `where` lets through; fetched `page` at a time."""
        params = {"filter": where, "state": state, "limit": page}
        return self._pages(f"{_path(catalogue)}/products", "products", params)

    def retry(self, catalogue: str) -> Job:
        """Has every product that could not be embedded tried again."""
        return Job.of(self._object(self._http.build_request("POST", f"{_path(catalogue)}/retries")))

    def settings(self, catalogue: str) -> Document:
        """Which fields' words are searched in a catalogue, and which words mean the same."""
        return self._get(f"{_path(catalogue)}/settings", {})

    def change_settings(
        self, catalogue: str, *, searchable: Sequence[str] | None, synonyms: Sequence[Sequence[str]]
    ) -> Document:
        """Replaces a catalogue's settings; with no searchable fields named, all texts of products are searched."""
        document = {"searchable": searchable, "synonyms": synonyms}
        return self._object(self._http.build_request("PUT", f"{_path(catalogue)}/settings", json=document))

    def import_file(
        self,
        catalogue: str,
        file: Path | Iterable[bytes],
        options: ImportOptions = _ALL_TOLD,
        *,
        name: str | None = None,
    ) -> Job:
        """Uploads a catalogue file, or its bytes as they are made; nothing is held in memory as a whole.

        `name` is an idempotency key: the same import sent twice under one name is done once.
        """
        if isinstance(file, Path):
            with file.open("rb") as opened:
                return self._import(catalogue, opened, options, name)
        return self._import(catalogue, file, options, name)

    def _import(
        self, catalogue: str, content: BinaryIO | Iterable[bytes], options: ImportOptions, name: str | None
    ) -> Job:
        request = self._http.build_request(
            "POST",
            f"{_path(catalogue)}/imports",
            content=content,
            params=options.params(),
            headers={"Content-Type": "application/octet-stream"} | ({"Idempotency-Key": name} if name else {}),
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
        options: SearchOptions = _AS_USUAL,
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
        options: SearchOptions = _AS_USUAL,
    ) -> Job:
        """Submits a search by any mix of text, picture and speech."""
        asked = {
            "text": text,
            "image": inline(image) if image is not None else None,
            "speech": inline(speech) if speech is not None else None,
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

    def retry_job(self, job_id: str) -> Job:
        """Lets an import go on that was given up."""
        return Job.of(self._object(self._http.build_request("POST", f"{_job_path(job_id)}/retry")))

    def job_errors(self, job_id: str) -> Iterator[Document]:
        """What was wrong with single rows or products of a job."""
        return self._pages(f"{_job_path(job_id)}/errors", "errors", {})

    def job_errors_csv(self, job_id: str) -> Iterator[bytes]:
        """The same as a table for a spreadsheet, piece by piece."""
        return self._pieces(f"{_job_path(job_id)}/errors.csv")

    def hits(self, job_id: str, *, page: int = 50) -> Iterator[Document]:
        """All the hits of a finished search."""
        return self._pages(f"{_job_path(job_id)}/hits", "hits", {"limit": page})

    # Webhooks

    def add_webhook(self, url: str, kinds: Sequence[JobKind] = ()) -> Document:
        """Has an address told of the ends of jobs; the answer's secret is told only now."""
        document = {"url": url} | ({"kinds": list(kinds)} if kinds else {})
        return self._object(self._http.build_request("POST", "/v1/webhooks", json=document))

    def webhooks(self) -> list[Document]:
        """All webhooks, oldest first."""
        return list(self._get("/v1/webhooks", {})["webhooks"])

    def remove_webhook(self, webhook_id: int) -> None:
        """Removes a webhook."""
        self._send(self._http.build_request("DELETE", f"/v1/webhooks/{webhook_id}"))

    def deliveries(self, webhook_id: int, *, page: int = 50) -> Iterator[Document]:
        """What a webhook was told, or is to be told, newest first."""
        return self._pages(f"/v1/webhooks/{webhook_id}/deliveries", "deliveries", {"limit": page})

    def retry_webhook(self, webhook_id: int) -> int:
        """Has everything delivered now that was not yet; how many."""
        answer = self._object(self._http.build_request("POST", f"/v1/webhooks/{webhook_id}/retries"))
        return int(answer["retried"])

    def _submit(self, path: str, document: Mapping[str, object]) -> Job:
        return Job.of(self._object(self._http.build_request("POST", path, json=document)))


def _file(content: Content, modality: Modality) -> tuple[str, bytes]:
    return (content.name if isinstance(content, Path) else str(modality), read(content))


def _path(catalogue: str, sku: str | None = None) -> str:
    if "/" in catalogue:  # no server would know it from a longer path
        raise ApiProblem({"title": f"A catalogue's name cannot have a '/', as {catalogue!r} has.", "status": 422})
    base = f"/v1/catalogues/{quote(catalogue, safe='')}"
    return base if sku is None else f"{base}/products/{quote(sku, safe='')}"


def _job_path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"
