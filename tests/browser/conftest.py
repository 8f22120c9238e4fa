"""One stack with a small part of the sample catalogue, and one browser, for all tests of the pages."""

import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from app.cli.demo_upload import upload
from app.client import Client
from app.local.stack import Stack
from app.sample.catalogue import Thing, things
from app.sample.sets import DemoSet, Offer
from app.sample.speech import synthesise
from tests.browser.browser import CHROMIUM, DRIVER, Browser, chromium

NAMED = {"banana", "red-apple", "hiking-boot"}
EVERY = 9  # of the other things, one of so many
REFUSED = "Failed to load resource"  # what the console says of a 4xx, which a test may ask for
SERVERS = ("DATABASE_URL", "REDIS_URL", "MEDIA_URL")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They need the browser, and start a whole stack."""
    is_there = CHROMIUM is not None and DRIVER is not None
    skip = pytest.mark.skip(reason="Chromium is not installed: apt-get install chromium chromium-driver")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if not is_there:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def sample() -> list[Thing]:
    return [thing for place, thing in enumerate(things()) if thing.sku in NAMED or place % EVERY == 0]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, sample: list[Thing]) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch, (folder / "log").open("w") as log:
        for name in SERVERS:
            patch.delenv(name, raising=False)
        with Stack(folder / "data", sink=lambda name, line: print(name, line, file=log, flush=True)) as running:
            with Client(running.url, running.key) as client:
                upload(client, _part(sample), Console(file=log))
            yield running


@contextmanager
def resting(task: str) -> Iterator[None]:
    """The workers that know a task do nothing meanwhile."""
    workers = [each for each in psutil.Process().children(recursive=True) if _knows(each, task)]
    assert workers
    for each in workers:
        each.suspend()
    try:
        yield
    finally:
        for each in workers:
            each.resume()


def _knows(process: psutil.Process, task: str) -> bool:
    with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
        return any(task in word for word in process.cmdline())
    return False


@pytest.fixture
def searches_rest(stack: Stack) -> Iterator[None]:  # noqa: ARG001  its workers
    with resting("workers.tasks.search"):
        yield


@pytest.fixture
def comparisons_rest(stack: Stack) -> Iterator[None]:  # noqa: ARG001  its workers
    with resting("workers.tasks.spaces"):
        yield


@pytest.fixture
def imports_rest(stack: Stack) -> Iterator[None]:  # noqa: ARG001  its workers
    with resting("workers.tasks.imports"):
        yield


def _part(sample: list[Thing]) -> DemoSet:
    offers = [Offer(product=thing.product(), images=[thing.picture()]) for thing in sample]
    return DemoSet(name="sample", total=len(offers), offers=lambda: iter(offers), queries=())


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[Client]:
    with Client(stack.url, stack.key) as client:
        yield client


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def chromium_once(stack: Stack, downloads: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    voice = tmp_path_factory.mktemp("voice") / "banana.wav"
    _speak("I would like to buy a banana", voice)
    with chromium(stack.url, stack.key, downloads=downloads, voice=voice) as running:
        yield running


def _speak(text: str, file: Path) -> None:
    """What the microphone hears: a sentence, and a second of silence before it hears it again."""
    file.write_bytes(synthesise(text, voice="en-us", rate=130))
    with wave.open(str(file)) as spoken:
        samples = spoken.readframes(spoken.getnframes()) + bytes(spoken.getsampwidth() * spoken.getframerate())
        form = spoken.getparams()
    with wave.open(str(file), "wb") as padded:
        padded.setparams(form)
        padded.writeframes(samples)


@pytest.fixture
def browser(chromium_once: Browser) -> Iterator[Browser]:
    """The browser as one that was never here, whose pages must have said nothing to the console that is wrong."""
    chromium_once.forget()
    chromium_once.look()
    chromium_once.driver.get_log("browser")
    yield chromium_once
    wrong = [each["message"] for each in chromium_once.driver.get_log("browser") if each["level"] == "SEVERE"]
    assert [each for each in wrong if REFUSED not in each] == []
