"""The image of the web process has all that its programs import, and no more of ours than it is told to copy."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = ("app.wsgi", "app.cli.main", "workers.tasks.imports", "workers.tasks.upkeep")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Dockerfile copies."""
    folder = tmp_path_factory.mktemp("image")
    for copied in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "app/Dockerfile").read_text(), re.MULTILINE):
        *sources, target = copied.split()
        place = folder / target
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)
    return folder


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_finds_all_that_it_imports(image: Path, program: str) -> None:
    urls = {"DATABASE_URL": "postgresql://nowhere/", "REDIS_URL": "redis://nowhere", "MEDIA_URL": "/tmp"}
    code = f"import {program}; from pathlib import Path; print(Path({program}.__file__).resolve())"
    environ = os.environ | urls | {"PYTHONPATH": str(image)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=image, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(image) in done.stdout
