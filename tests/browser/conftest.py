"""One stack with a small part of the sample catalogue, and one browser, for all tests of the pages."""

from collections.abc import Iterator
from pathlib import Path

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
    voice.write_bytes(synthesise("a banana", voice="en-us"))
    with chromium(stack.url, stack.key, downloads=downloads, voice=voice) as running:
        yield running


@pytest.fixture
def browser(chromium_once: Browser) -> Iterator[Browser]:
    """The browser as one that was never here, whose pages must have said nothing to the console that is wrong."""
    chromium_once.forget()
    chromium_once.look()
    chromium_once.driver.get_log("browser")
    yield chromium_once
    said = [each["message"] for each in chromium_once.driver.get_log("browser") if each["level"] == "SEVERE"]
    assert [each for each in said if "Failed to load resource" not in each] == []  # answers that a test asks to be wrong
