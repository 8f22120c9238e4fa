"""A judged set as the demo takes it: its catalogue as products, and a sample of its queries."""

import json
import random
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from app.errors import JudgedSetInvalid
from app.sample.queries import HeldOut
from app.sample.sets import DemoSet, Offer
from app.types import Modality

COUNT = 20  # queries of each modality
# What a judged set says of where its rows come from, which no shop would write of a product.
_BOOKKEEPING = ("id", "title", "titles", "description", "images", "audio", "split", "source", "group", "licence")
_SPLITS = ("test", "val", "all", "train")  # unseen products first
_CONTENT = {Modality.TEXT: "text", Modality.IMAGE: "image", Modality.SPEECH: "audio"}


def judged_set(folder: Path) -> DemoSet:
    """Reads a judged set.

    Recordings that a query plays are not uploaded: they would find themselves.

    Raises:
        JudgedSetInvalid: A file or field is missing.
    """
    products, queries = _rows(folder / "catalogue.jsonl"), _rows(folder / "queries.jsonl")
    try:
        played = {row["audio"] for row in queries if row["modality"] == Modality.SPEECH}
        drawn = [_query(folder, row) for modality in Modality for row in _drawn(queries, modality)]
    except KeyError as error:
        raise JudgedSetInvalid(f"{folder}/queries.jsonl: a query has no {error}.") from error
    return DemoSet(
        name=folder.resolve().name,
        total=len(products),
        offers=partial(_offers, folder, products, frozenset(played)),
        queries=drawn,
    )


def _drawn(queries: list[dict[str, Any]], modality: Modality) -> list[dict[str, Any]]:
    """A repeatable draw of one modality's queries, those of unseen products before the others."""
    asked = [row for row in queries if row["modality"] == modality and row.get("relevant")]
    random.Random(f"judged, {modality}").shuffle(asked)  # noqa: S311  # repeatable, not secret
    by_split = sorted(asked, key=lambda row: _SPLITS.index(row["split"]) if row.get("split") in _SPLITS else 0)
    return by_split[:COUNT]


def _query(folder: Path, row: Mapping[str, Any]) -> HeldOut:
    modality = Modality(row["modality"])
    content = row[_CONTENT[modality]]
    data = None if modality is Modality.TEXT else (folder / content).read_bytes()
    return HeldOut(
        kind=str(modality),
        label=content if modality is Modality.TEXT else f"[{content}]",
        expected=row["relevant"][0],
        also=tuple(row["relevant"][1:]),
        text=content if modality is Modality.TEXT else None,
        image=data if modality is Modality.IMAGE else None,
        speech=data if modality is Modality.SPEECH else None,
        # A text made of a field that is uploaded would be found by that very field.
        against=(Modality.IMAGE,) if row.get("leave_out") else (),
    )


def _offers(folder: Path, rows: list[dict[str, Any]], played: frozenset[str]) -> Iterator[Offer]:
    for row in rows:
        attributes = {name: value for name, value in row.items() if name not in _BOOKKEEPING and value is not None}
        texts = {name: row[name] for name in ("title", "description") if row.get(name)}
        yield Offer(
            product={"sku": row["id"], **texts, "attributes": attributes},
            images=[folder / path for path in row.get("images") or ()],
            speech=[folder / path for path in row.get("audio") or () if path not in played],
        )


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise JudgedSetInvalid(f"{path} cannot be read: {error}") from error
