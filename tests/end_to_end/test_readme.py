"""The README's commands, run as they stand there, on a whole stack."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.client import Client
from app.local.stack import Stack
from app.types import JobKind, JobState
from tests.workers.pictures import encoded, halves
from tests.workers.sounds import encoded as sound
from tests.workers.sounds import tone

README = Path(__file__).parents[2] / "README.md"
# What cannot be run here, by how it begins.
NOT_RUN = {
    "triseek align": "needs judged sets and minutes of training; tests/workers/cli runs it on small ones",
    "triseek evaluate": "needs judged sets; tests/workers/cli runs it on small ones",
    "triseek reindex": "embeds all anew, for minutes; tests/app/cli and tests/end_to_end/test_reindex.py do it",
    "triseek jobs retry": "needs an import whose workers ended eight times; tests/chaos makes such ones",
    "triseek restore": "needs a stack without data; tests/end_to_end/test_backup.py has one",
    "triseek webhooks retry": "the address is an example's: a delivery would wait for its name to be resolved",
    "triseek licences": "reads every package, for a minute; tests/workers/cli runs it",
    "triseek doctor": "looks at the machine itself, which may lack what this run does not need",
}
ENDS = {"triseek jobs replay": {0, 1}}  # 1 says that something changed, as products that came since
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# A line with those that it goes on in, by a backslash or as a document in place.
COMMAND = re.compile(r"^(?:triseek|curl|eval) (?:.*\\\n)*.*?(?:<<'EOF'\n(?:.*\n)*?EOF)?$", re.MULTILINE)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # on a busy machine; alone a minute


def _commands() -> list[str]:
    return [
        found.group().strip()
        for language, block in BLOCK.findall(README.read_text())
        if not language
        for found in COMMAND.finditer(block)
    ]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Path]]:
    """A stack with its data where commands look for it, in a folder with the files that the README names."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("shoe.jpg", "photo.jpg"):
        (folder / name).write_bytes(encoded(halves(), "JPEG"))
    (folder / "question.wav").write_bytes(sound(tone(16_000), 16_000, "wav", "pcm_s16le"))
    (folder / "question.webm").write_bytes(sound(tone(48_000), 48_000, "webm", "libopus"))
    (folder / "words.txt").write_text("sofa, couch, settee\n")
    lines = ["sku,title,Artikel-Nr,Name,published", "A1,Red shoe,A1,Red shoe,true", "A2,Boot,A2,Boot,false", ""]
    (folder / "products.csv").write_text("\n".join(lines))
    export = folder / "export"
    export.mkdir()
    (export / "products.csv").write_text("sku,title\nB1,Lamp\n")
    with zipfile.ZipFile(folder / "shop.zip", "w") as archive:
        archive.writestr("products.csv", "sku,title\nB1,Lamp\n")
    with (
        (folder / "log").open("w") as log,
        Stack(folder / ".triseek", sink=lambda *said: print(*said, file=log)) as stack,
    ):
        yield stack, folder


def test_each_of_the_commands_does_what_it_is_there_for(running: tuple[Stack, Path]) -> None:
    stack, folder = running
    commands = _commands()
    assert len(commands) > 40
    environ = {
        **os.environ,
        "URL": stack.url,
        "KEY": stack.key,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CURL_HOME": str(folder),
    }
    (folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    wrong = []
    for command in commands:
        if command.startswith(tuple(NOT_RUN)):
            continue
        done = subprocess.run(
            ["bash", "-c", _filled(command, stack)],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in ENDS.get(" ".join(command.split()[:3]), {0}):
            wrong.append(f"{command}\n{done.returncode}: {done.stdout[-600:]}{done.stderr[-600:]}")
    assert not wrong, "\n\n".join(wrong)


def test_nothing_is_left_out_that_is_not_there() -> None:
    commands = _commands()
    assert [each for each in NOT_RUN if not any(command.startswith(each) for command in commands)] == []


def test_the_python_examples_run(running: tuple[Stack, Path]) -> None:
    stack, folder = running
    blocks = [block for language, block in BLOCK.findall(README.read_text()) if language == "python"]
    assert blocks
    for block in blocks:
        script = f"url, key = {stack.url!r}, {stack.key!r}\n{block}"
        done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "A1" in done.stdout


def _filled(command: str, stack: Stack) -> str:
    """The command with what its capitals stand for."""
    kind = JobKind.SEARCH if "replay" in command else JobKind.IMPORT
    with Client(stack.url, stack.key) as client:
        job = next(client.jobs(kind=kind, state=JobState.SUCCEEDED), None)
    filled = re.sub(r"\bID\b", job.id if job else "", command).replace("backup DIR", "backup kept")
    return filled.replace("erase shop A1", "erase shop A1 --yes")  # nobody is here to answer
