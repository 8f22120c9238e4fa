"""Every call of the OpenAPI document, with what it allows and what it does not, on the real web process.

`make fuzz` tries 10,000 cases and prints the summary.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.db import spaces
from app.settings import Settings
from app.types import Modality, SpaceKey
from tests.conftest import Services
from tests.web import Web, serving

FOLDER = Path(__file__).parent
CASES = int(os.environ.get("FUZZ_CASES", "0"))  # at least; a moderate number unless told
CALLS = 48
EDGES = 2_000  # cases at least that stand at the edges of the schemas, however many others are drawn
ALL = "examples,coverage,fuzzing,stateful"
QUICK = "examples,fuzzing,stateful"  # without those


@pytest.fixture
def web(settings: Settings, services: Services, tmp_path: Path) -> Iterator[Web]:
    """A web process over a database that has an active space, as if workers had been there, and a product."""
    with services.sessions.begin() as session:
        encoders = {modality: f"{modality}@1" for modality in Modality}
        spaces.activate(session, spaces.find_or_create(session, SpaceKey(encoders=encoders, alignment="0" * 64, dim=4)))
    environ = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "MEDIA_URL": settings.media_url,
        "TRISEEK_MOST_WAITING_SEARCHES": "1000000",  # nobody takes them
    }
    with serving(environ, tmp_path) as web:
        shoe = {"title": "Red running shoes", "attributes": {"colour": "red"}}
        httpx.put(f"{web.url}/v1/catalogues/shop/products/shoe-1", json=shoe, headers=web.headers).raise_for_status()
        yield web


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_no_request_that_the_document_foretells_or_forbids_is_answered_otherwise(web: Web, tmp_path: Path) -> None:
    each, phases = (max(1, -(-(CASES - EDGES) // CALLS)), ALL) if CASES else (5, QUICK)
    told = ["--max-examples", str(each), "--phases", phases]
    drawn = ["--generation-deterministic"] if os.environ.get("CI") else []
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(FOLDER / "schemathesis.toml")),
            *("run", f"{web.url}/openapi.json", "--no-color", *told, *drawn),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TRISEEK_FUZZ_KEY": web.key, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,  # where it leaves what it remembers
        text=True,
        check=False,
    )
    summary = done.stdout[done.stdout.rfind("= SUMMARY =") :]
    print(summary)
    assert done.returncode == 0, done.stdout[-20_000:]
    [tried] = re.findall(r"(\d+) generated", summary)
    assert int(tried) >= max(CASES, CALLS)
    assert not [line for line in web.log if "ERROR" in line or "Traceback" in line]
