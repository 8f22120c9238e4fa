import contextlib
import io
import json
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.client import Client, ImportOptions, Job, SearchOptions, with_media
from app.client_calls import get
from app.client_retries import TRIES
from app.db import jobs
from app.errors import ApiProblem, ServerUnreachable
from app.types import JobKind, JobState, Modality
from tests.app.conftest import Listening
from tests.conftest import Services

SHOE: dict[str, object] = {"sku": "shoe/1 red", "title": "Red shoe", "attributes": {"colour": "red"}}


@pytest.fixture
def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(file, "PNG")
    return file.getvalue()


def _shoe(number: int) -> dict[str, object]:
    return {"sku": f"shoe-{number}", "title": f"Shoe {number}"}


def test_a_product_is_uploaded_read_replaced_and_deleted(client: Client, picture: bytes, tmp_path: Path) -> None:
    photo = tmp_path / "front.png"
    photo.write_bytes(picture)
    added = client.add_product("shop", _shoe(1), images=[picture, photo, str(photo)])
    assert (added["product"]["sku"], len(added["product"]["images"])) == ("shoe-1", 3)
    assert Job.of(added).kind is JobKind.EMBED
    client.put_product("shop", {"sku": "shoe-1", "title": "Boot"}, images=[photo])
    stored = client.get_product("shop", "shoe-1")
    assert (stored["title"], len(stored["images"])) == ("Boot", 1)
    client.delete_product("shop", "shoe-1")
    with pytest.raises(ApiProblem) as gone:
        client.get_product("shop", "shoe-1")
    assert gone.value.status == 404


def test_a_key_that_is_none_is_unknown() -> None:
    with pytest.raises(ApiProblem, match="key is unknown"):
        Client("http://127.0.0.1:1", "schlüssel")


def test_a_product_without_files_is_uploaded_too(client: Client) -> None:
    assert client.add_product("shop", _shoe(1))["product"]["title"] == "Shoe 1"


def test_a_wrong_product_is_a_problem_that_names_the_field(client: Client) -> None:
    with pytest.raises(ApiProblem) as wrong:
        client.put_product("shop", {"sku": "a", "title": "b", "price": "dear"})
    assert wrong.value.status == 422
    assert [error.pointer for error in wrong.value.errors] == ["/price"]


def test_all_pages_of_a_catalogue_are_read(client: Client) -> None:
    for number in range(5):
        client.put_product("shop", _shoe(number))
    assert [product["sku"] for product in client.products("shop", page=2)] == [f"shoe-{n}" for n in range(5)]


def test_an_import_is_streamed_from_lines_or_a_file(client: Client, tmp_path: Path, picture: bytes) -> None:
    lines = [json.dumps(with_media(_shoe(n), images=[picture])).encode() + b"\n" for n in range(3)]
    job = client.import_file("shop", iter(lines))
    assert (job.kind, job.state) == (JobKind.IMPORT, JobState.QUEUED)
    file = tmp_path / "shop.ndjson"
    file.write_bytes(b"".join(lines))
    assert client.import_file("shop", file, ImportOptions(dry_run=True)).id != job.id


def test_an_import_sent_twice_under_one_name_is_one_job(client: Client) -> None:
    line = json.dumps(_shoe(1)).encode()
    first = client.import_file("shop", [line], name="monday")
    assert client.import_file("shop", [line], name="monday").id == first.id


def test_a_search_is_submitted_and_polled_until_its_answer_is_there(client: Client, services: Services) -> None:
    client.put_product("shop", _shoe(1))
    job = client.submit_search("shop", text="boots", options=SearchOptions(limit=3, against=[Modality.TEXT]))
    assert not job.state.is_final
    answer: dict[str, Any] = {"hits": [], "took_ms": {"total": 1.0}}
    with services.sessions.begin() as session:
        jobs.finish(session, uuid.UUID(job.id), JobState.SUCCEEDED, result=answer)
    assert client.wait(job.id).answer()["hits"] == []
    assert list(client.hits(job.id)) == []


def test_following_a_job_shows_each_look_and_ends_with_the_job(client: Client, services: Services) -> None:
    client.put_product("shop", _shoe(1))
    job = client.submit_search("shop", text="boots")
    seen = []
    for look in client.follow(job.id, every=0.05):
        seen.append(look.state)
        if len(seen) == 2:
            with services.sessions.begin() as session:
                jobs.finish(session, uuid.UUID(job.id), JobState.FAILED, error={"title": "It broke"})
    assert seen == [JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    with pytest.raises(ApiProblem, match="It broke"):
        client.job(job.id).answer()


def test_a_search_by_picture_alone_is_taken(client: Client, picture: bytes, tmp_path: Path) -> None:
    client.put_product("shop", _shoe(1))
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture)
    assert client.submit_search("shop", image=picture).kind is JobKind.SEARCH
    assert client.submit_search("shop", image=photo, text="red").kind is JobKind.SEARCH


def test_jobs_are_listed_newest_first_and_cancelled(client: Client) -> None:
    client.put_product("shop", _shoe(1))
    searches = [client.submit_search("shop", text="boots") for _ in range(3)]
    assert [job.id for job in client.jobs(kind=JobKind.SEARCH, page=2)] == [job.id for job in reversed(searches)]
    assert client.cancel(searches[0].id).state is JobState.CANCELLED
    assert [job.id for job in client.jobs(state=JobState.CANCELLED)] == [searches[0].id]
    with pytest.raises(ApiProblem, match="cancelled"):
        client.wait(searches[0].id).answer()


def test_a_wrong_key_and_an_unknown_job_are_problems(listening: Listening, client: Client) -> None:
    with Client(listening.url, "ts_wrong") as stranger, pytest.raises(ApiProblem) as refused:
        stranger.get_product("shop", "a")
    assert refused.value.status == 401
    with pytest.raises(ApiProblem) as unknown:
        client.job("no-such-job")
    assert unknown.value.status == 404


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with Client("http://127.0.0.1:9", "key") as nowhere, pytest.raises(ServerUnreachable, match="127"):
        nowhere.is_live()


def test_a_server_that_is_no_triseek_is_a_problem_too(client: Client) -> None:
    assert client.is_live()
    with pytest.raises(ApiProblem) as lost:
        client.send(get("/nowhere"))
    assert lost.value.status == 404


def test_a_catalogue_with_a_slash_is_refused_before_it_is_asked_for(client: Client) -> None:
    with pytest.raises(ApiProblem, match="cannot have a '/'"):
        client.put_product("shop/summer", _shoe(1))


def test_webhooks_are_added_listed_and_removed(client: Client) -> None:
    added = client.add_webhook("https://shop.example/jobs", [JobKind.IMPORT])
    assert added["secret"]
    assert [each["url"] for each in client.webhooks()] == ["https://shop.example/jobs"]
    job = client.import_file("shop", [b"{}\n"])
    client.cancel(job.id)
    assert [each["job"] for each in client.deliveries(added["id"])] == [job.id]
    assert client.retry_webhook(added["id"]) == 1
    client.remove_webhook(added["id"])
    assert client.webhooks() == []


class _Fickle:
    """Listens, and ends the first connections without a word."""

    def __init__(self, refused: int) -> None:
        self.asked = 0
        self._refused = refused
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                with self._listener.accept()[0] as connection:
                    connection.recv(65_536)
                    self.asked += 1
                    if self.asked > self._refused:
                        body = b'{"status": "live"}'
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def fickle(request: pytest.FixtureRequest) -> Iterator[_Fickle]:
    server = _Fickle(request.param)
    yield server
    server.close()


@pytest.mark.parametrize("fickle", [2], indirect=True)
def test_a_request_whose_connection_broke_is_sent_again(fickle: _Fickle) -> None:
    with Client(fickle.url, "key") as client:
        assert client.is_live()
    assert fickle.asked == 3


@pytest.mark.parametrize("fickle", [100], indirect=True)
def test_a_server_that_breaks_every_connection_is_unreachable(fickle: _Fickle) -> None:
    with Client(fickle.url, "key") as client, pytest.raises(ServerUnreachable):
        client.is_live()
    assert fickle.asked == TRIES


@pytest.mark.parametrize("fickle", [1], indirect=True)
def test_a_body_that_is_made_as_it_goes_is_sent_once(fickle: _Fickle) -> None:
    with Client(fickle.url, "key") as client, pytest.raises(ServerUnreachable):
        client.import_file("shop", iter([b"{}\n"]))
    assert fickle.asked == 1
