"""A judged set small enough to count by hand."""

import json
from pathlib import Path

from PIL import Image

from tests.workers.pictures import noise
from workers.evaluation.judged import JudgedSet, load_judged_set

PRODUCTS = [
    {"id": "shirt", "title": "Red shirt", "titles": {"zh": "红衬衫"}, "images": ["shirt.png"], "split": "train"},
    {"id": "knife", "title": "Obsidian kitchen knife", "titles": {"zh": "厨房刀"}, "images": ["knife.png"]},
    {"id": "lamp", "title": "Desk lamp", "description": "Bright", "images": ["lamp.png"]},
]
QUERIES = [
    {"id": "1", "modality": "text", "text": "something red", "relevant": ["shirt"], "split": "train"},
    {"id": "2", "modality": "text", "text": "a light for my desk", "relevant": ["lamp"], "kind": "phrase"},
    {"id": "3", "modality": "text", "text": "厨房刀", "relevant": ["knife"], "kind": "title", "lang": "zh"},
    {"id": "4", "modality": "image", "image": "lamp.png", "relevant": ["lamp"]},
]


def judged_set(folder: Path) -> JudgedSet:
    """Writes the set and reads it."""
    for number, name in enumerate(("shirt", "knife", "lamp")):
        Image.fromarray(noise(60, 60, seed=number)).save(folder / f"{name}.png")
    for name, rows in (("catalogue", PRODUCTS), ("queries", QUERIES)):
        lines = [json.dumps({"split": "val", **row}, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_judged_set(folder)
