"""The queries of a judged set, as a comparison of spaces takes them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.client import Document
from app.client_documents import inline
from app.errors import JudgedSetInvalid
from app.types import Modality

CONTENT = {Modality.TEXT: "text", Modality.IMAGE: "image", Modality.SPEECH: "audio"}  # in a judged set's rows
MOST = 2_000  # queries of one comparison


def judged_searches(folder: Path) -> list[Document]:
    """Reads `queries.jsonl`, and the pictures and recordings that it names.

    Raises:
        JudgedSetInvalid: a file or field is missing.
    """
    path = folder / "queries.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise JudgedSetInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise JudgedSetInvalid(f"{path} is not UTF-8.") from error
    rows = list(_rows(path, lines))
    # Some of each kind rather than the first ones, which may all be of one.
    return [_search(folder, *row) for row in rows[:: -(-len(rows) // MOST) or 1]]


def _rows(path: Path, lines: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield f"{path}, line {number}", json.loads(line)
            except ValueError as error:
                raise JudgedSetInvalid(f"{path}, line {number} is not JSON: {error}") from error


def _search(folder: Path, where: str, row: Mapping[str, Any]) -> Document:
    try:
        modality = Modality(row["modality"])
        content, relevant = row[CONTENT[modality]], list(row["relevant"])
        asked = content if modality is Modality.TEXT else inline(folder / content)
    except (KeyError, ValueError, TypeError) as error:
        raise JudgedSetInvalid(f"{where}: modality, its content or relevant is missing ({error}).") from error
    except OSError as error:
        raise JudgedSetInvalid(f"{where}: {error.filename} cannot be read: {error.strerror}.") from error
    kind = " ".join(part for part in (str(modality), row.get("kind") or "", row.get("lang") or "") if part)
    return {"search": {str(modality): asked, "rerank": True}, "relevant": relevant, "kind": kind}
