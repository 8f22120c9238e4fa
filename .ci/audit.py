#!/usr/bin/env python3
"""Fails if an advisory speaks of an installed package; says so, and does not fail, where no advisories can be had."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

UNREACHABLE = ("Could not connect to", "ConnectionError", "is not redirecting properly")  # pip-audit's words
LOUD = "!" * 72
FINDINGS = 1


def main() -> int:
    """Audits the environment of this interpreter."""
    program = Path(sys.executable).with_name("pip-audit")
    options = ["--format", "json", "--skip-editable", "--progress-spinner", "off", "--timeout", "10"]
    done = subprocess.run([program, *options], capture_output=True, text=True, check=False)  # noqa: S603  of our own environment
    message, status = verdict(done.stdout, done.stderr, done.returncode)
    print(message)
    return status


def verdict(report: str, errors: str, status: int) -> tuple[str, int]:
    """What is to be said, and how to end.

    Args:
        report: of pip-audit, as JSON; empty if it did not come to one.
        errors: that it wrote.
        status: that it ended with.
    """
    try:
        packages: Sequence[Mapping[str, Any]] = json.loads(report)["dependencies"]
    except ValueError:
        if any(words in errors for words in UNREACHABLE):
            return _not_audited("the service cannot be reached"), 0
        return errors, status or FINDINGS
    found = [f"{each['name']} {each['version']}: {_told(one)}" for each in packages for one in each.get("vulns", ())]
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    if found:
        return "\n".join(found), FINDINGS
    if len(skipped) == len(packages):
        return _not_audited("the service knows none of the packages"), 0
    missing = f", {len(skipped)} are not known to the service: {', '.join(skipped)}" if skipped else ""
    return f"No advisory speaks of {len(packages) - len(skipped)} installed packages{missing}.", 0


def _told(advisory: Mapping[str, Any]) -> str:
    fixed = f", mended in {', '.join(advisory['fix_versions'])}" if advisory["fix_versions"] else ""
    return f"{advisory['id']}{fixed}"


def _not_audited(why: str) -> str:
    return f"{LOUD}\nNOT AUDITED: no advisories could be had, {why}.\nRun `make audit` where they can.\n{LOUD}"


if __name__ == "__main__":
    sys.exit(main())
