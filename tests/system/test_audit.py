"""What CI makes of the advisories of installed packages."""

import importlib.util
import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[2] / ".ci/audit.py"
_spec = importlib.util.spec_from_file_location("audit", FILE)
assert _spec is not None
assert _spec.loader is not None
audit = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(audit)

FINE: dict[str, Any] = {"name": "flask", "version": "3.1", "vulns": []}
BAD: dict[str, Any] = {
    "name": "jinja2",
    "version": "2.10",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1)"}


def _verdict(*packages: dict[str, Any], status: int = 0) -> tuple[str, int]:
    found: tuple[str, int] = audit.verdict(json.dumps({"dependencies": packages}), "", status)
    return found


def test_an_advisory_fails_and_is_named() -> None:
    message, status = _verdict(FINE, UNKNOWN, BAD, status=1)
    assert (message, status) == ("jinja2 2.10: PYSEC-2019-217, mended in 2.10.1", 1)


def test_no_advisory_passes_and_tells_of_what_was_not_audited() -> None:
    assert _verdict(FINE) == ("No advisory speaks of 1 installed packages.", 0)
    message, status = _verdict(FINE, UNKNOWN)
    assert "1 are not known to the service: ours" in message
    assert status == 0


def test_a_service_without_advisories_is_told_of_and_does_not_fail() -> None:
    message, status = _verdict(UNKNOWN)
    assert "NOT AUDITED" in message
    assert status == 0


def test_a_service_that_cannot_be_reached_is_told_of_and_does_not_fail() -> None:
    message, status = audit.verdict("", "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed", 1)
    assert "NOT AUDITED" in message
    assert status == 0


def test_anything_else_that_goes_wrong_fails() -> None:
    assert audit.verdict("", "pip-audit: error: unrecognized arguments", 2) == (
        "pip-audit: error: unrecognized arguments",
        2,
    )
    assert audit.verdict("", "killed", 0)[1] == 1
