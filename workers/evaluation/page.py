"""An evaluation as one HTML page that needs nothing else: plots, the matrix, the best and the worst queries."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from PIL import Image, UnidentifiedImageError

from workers.evaluation.judged import JudgedProduct, JudgedSet
from workers.evaluation.judging import ALL, Judgement
from workers.evaluation.matrix import METRICS, groups, means
from workers.evaluation.plots import map_plot, matrix_plot, recall_plot
from workers.evaluation.scoring import Index

SHOWN = 8  # best and as many worst queries of each kind of query
THUMBNAIL = 96  # pixels
TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A query with what it should have found and what came first."""

    text: str  # what was typed or said, where known
    picture: str  # data URI, empty if none
    rank: int  # of the nearest relevant product
    wanted: str
    wanted_picture: str
    first: str
    first_picture: str


def page(title: str, judged: JudgedSet, judgements: Sequence[Judgement], index: Index) -> str:
    """The page.

    Args:
        title: of the page.
        judged: what was asked.
        judgements: of one alignment.
        index: the products to draw on the map.
    """
    found = groups(judgements)
    plain = [group for group in found if not group.kind and not group.lang]
    examples = {group.query: _examples(judged, group.judgements) for group in plain if group.against == ALL}
    return TEMPLATES.get_template("page.html").render(
        title=title,
        plots=[matrix_plot(plain, "MRR"), matrix_plot(plain, "R@10"), recall_plot(plain), map_plot(index)],
        metrics=list(METRICS),
        rows=[means(group) for group in found],
        examples=examples,
    )


def write_page(folder: Path, name: str, content: str) -> Path:
    """Writes a page into a folder, which is made; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.html"
    path.write_text(content, encoding="utf-8")
    return path


def _examples(judged: JudgedSet, judgements: Sequence[Judgement]) -> dict[str, list[Example]]:
    ordered = sorted(judgements, key=lambda each: (each.ranks[0], each.query.id))
    best = [each for each in ordered if each.ranks[0] == 1]
    worst = [each for each in reversed(ordered) if each.ranks[0] > 1]
    return {name: [_example(judged, each) for each in _varied(own)] for name, own in (("best", best), ("worst", worst))}


def _varied(judgements: Sequence[Judgement]) -> list[Judgement]:
    """The first few, one for each that is wanted."""
    by_target: dict[frozenset[str], Judgement] = {}
    for each in judgements:
        by_target.setdefault(each.query.relevant, each)
    return list(by_target.values())[:SHOWN]


def _example(judged: JudgedSet, judgement: Judgement) -> Example:
    query = judgement.query
    wanted, first = judged.products[min(query.relevant)], judged.products[judgement.first]
    return Example(
        text=query.text or query.transcript or query.id,
        picture=_thumbnail(query.path),
        rank=judgement.ranks[0],
        wanted=wanted.title or wanted.id,
        wanted_picture=_thumbnail(_picture(wanted)),
        first=first.title or first.id,
        first_picture=_thumbnail(_picture(first)),
    )


def _picture(product: JudgedProduct) -> Path | None:
    return product.images[0] if product.images else None


def _thumbnail(path: Path | None) -> str:
    """A small JPEG as a data URI; empty if there is no picture, or none that can be read."""
    if path is None:
        return ""
    try:
        with Image.open(path) as opened:
            small = opened.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return ""
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    written = BytesIO()
    small.save(written, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}"
