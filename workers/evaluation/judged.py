"""Judged sets: a catalogue, queries, and which products are relevant to each."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.catalog.texts import product_texts
from app.errors import JudgedSetInvalid
from app.types import Modality

# What a judged set says of where its rows come from, which no shop would write of a product.
BOOKKEEPING = ("id", "titles", "images", "audio", "split", "source", "group", "licence", "title", "description")
EVERY_SPLIT = "all"


@dataclass(frozen=True, kw_only=True)
class JudgedProduct:
    """One product of a judged set."""

    id: str
    title: str
    description: str
    attributes: Mapping[str, Any]
    titles: Mapping[str, str]  # by language
    images: tuple[Path, ...]
    audio: tuple[Path, ...]
    split: str

    def texts(self, leave_out: Iterable[str] = ()) -> list[str]:
        """The texts that are embedded of it, without these fields."""
        without = set(leave_out)
        attributes = {name: value for name, value in self.attributes.items() if name not in without}
        return product_texts(
            None if "title" in without else self.title,
            None if "description" in without else self.description,
            attributes,
        )


@dataclass(frozen=True, kw_only=True)
class JudgedQuery:
    """One query of a judged set."""

    id: str
    modality: Modality
    text: str  # of a text query
    path: Path | None  # of a picture or recording
    relevant: frozenset[str]
    split: str
    kind: str
    lang: str
    leave_out: tuple[str, ...]
    transcript: str  # what a recording says, where known


@dataclass(frozen=True, kw_only=True)
class JudgedSet:
    """A catalogue with queries and judgements."""

    name: str
    products: Mapping[str, JudgedProduct]
    queries: tuple[JudgedQuery, ...]
    missing: tuple[str, ...] = field(default=())  # files that the set names and does not have

    @property
    def splits(self) -> list[str]:
        """The names of the queries' splits."""
        return sorted({query.split for query in self.queries})

    def of_split(self, split: str | None) -> list[JudgedQuery]:
        """The queries of a split and those of every split; all queries if none is named."""
        return [query for query in self.queries if split is None or query.split in (split, EVERY_SPLIT)]

    def index_of(self, query: JudgedQuery) -> str:
        """The split whose products the query is ranked over, or `all`."""
        splits = {self.products[product].split for product in query.relevant}
        return query.split if splits == {query.split} else EVERY_SPLIT


def load_judged_set(folder: Path) -> JudgedSet:
    """Reads a judged set.

    Raises:
        JudgedSetInvalid: a file or field is missing, an id stands twice, or a query names an unknown product.
    """
    products: dict[str, JudgedProduct] = {}
    for line, row in _rows(folder / "catalogue.jsonl"):
        product = _product(folder, line, row)
        if product.id in products:
            raise JudgedSetInvalid(f"{folder}/catalogue.jsonl, line {line}: the id {product.id!r} stands twice.")
        products[product.id] = product
    queries = [_query(folder, line, row, products) for line, row in _rows(folder / "queries.jsonl")]
    if twice := [name for name, count in Counter(query.id for query in queries).items() if count > 1]:
        raise JudgedSetInvalid(f"{folder}/queries.jsonl: the id {twice[0]!r} stands twice.")
    if not products or not queries:
        raise JudgedSetInvalid(f"{folder} has no products or no queries.")
    named = [path for product in products.values() for path in product.images + product.audio]
    named += [query.path for query in queries if query.path is not None]
    missing = tuple(sorted({str(path) for path in named if not path.is_file()}))
    return JudgedSet(name=folder.resolve().name, products=products, queries=tuple(queries), missing=missing)


def _rows(path: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise JudgedSetInvalid(f"{path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise JudgedSetInvalid(f"{path}, line {number} is not UTF-8.") from error
        except ValueError as error:
            raise JudgedSetInvalid(f"{path}, line {number} is not JSON: {error}") from error
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            raise JudgedSetInvalid(f"{path}, line {number} is not an object with an id.")
        yield number, row


def _product(folder: Path, line: int, row: Mapping[str, Any]) -> JudgedProduct:
    try:
        return JudgedProduct(
            id=row["id"],
            title=row.get("title") or "",
            description=row.get("description") or "",
            attributes={name: value for name, value in row.items() if name not in BOOKKEEPING and value is not None},
            titles=row.get("titles") or {},
            images=tuple(folder / path for path in row.get("images") or ()),
            audio=tuple(folder / path for path in row.get("audio") or ()),
            split=row.get("split") or EVERY_SPLIT,
        )
    except TypeError as error:
        raise JudgedSetInvalid(f"{folder}/catalogue.jsonl, line {line}: {error}") from error


def _query(folder: Path, line: int, row: Mapping[str, Any], products: Mapping[str, JudgedProduct]) -> JudgedQuery:
    where = f"{folder}/queries.jsonl, line {line}"
    for name in ("relevant", "leave_out"):
        if not isinstance(row.get(name) or [], list):
            raise JudgedSetInvalid(f"{where}: {name} is not a list.")
    try:
        modality = Modality(row["modality"])
        content = row[{Modality.TEXT: "text", Modality.IMAGE: "image", Modality.SPEECH: "audio"}[modality]]
        relevant, leave_out = frozenset(row.get("relevant") or ()), tuple(row.get("leave_out") or ())
    except (KeyError, ValueError) as error:
        raise JudgedSetInvalid(f"{where}: the modality or its content is missing ({error}).") from error
    except TypeError as error:
        raise JudgedSetInvalid(f"{where}: {error}") from error
    if not isinstance(content, str):
        raise JudgedSetInvalid(f"{where}: its content is no text and no path.")
    if not relevant:
        raise JudgedSetInvalid(f"{where}: no product is relevant.")
    if unknown := sorted(map(str, relevant - products.keys())):
        raise JudgedSetInvalid(f"{where}: relevant names products that the catalogue lacks: {', '.join(unknown[:3])}.")
    return JudgedQuery(
        id=row["id"],
        modality=modality,
        text=content if modality is Modality.TEXT else "",
        path=None if modality is Modality.TEXT else folder / content,
        relevant=relevant,
        split=row.get("split") or EVERY_SPLIT,
        kind=row.get("kind") or "",
        lang=row.get("lang") or "",
        leave_out=leave_out,
        transcript=row.get("transcript") or "",
    )
