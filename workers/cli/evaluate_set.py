"""What `triseek evaluate` does with one judged set: judges, prints and writes what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from app.errors import JudgedSetInvalid
from workers.alignment.artifact import Alignment
from workers.encodings import Encodings
from workers.evaluation.comparison import compare
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.evaluation.judging import Judgement, batches, judge
from workers.evaluation.matrix import groups, means
from workers.evaluation.mixed_report import mixed_document, mixed_rows, mixed_table
from workers.evaluation.mixed_scores import judge_mixed
from workers.evaluation.page import page, write_page
from workers.evaluation.products import usual_index
from workers.evaluation.report import comparison_document, comparison_table, document, table
from workers.evaluation.sql_engine import agreement, database
from workers.transcripts import Transcripts


@dataclass(frozen=True, kw_only=True)
class Compared:
    """An alignment with the encodings that belong to it."""

    name: str
    alignment: Alignment
    encodings: Encodings


@dataclass(kw_only=True)
class SetEvaluation:
    """Evaluates judged sets one after the other."""

    own: Compared
    other: Compared | None  # the same queries are compared with what it finds
    heard: Transcripts | None  # recordings are also compared by what they say
    split: str | None  # of the queries; all if none
    mixed: bool  # whether queries of several modalities are judged, too
    sql: bool  # whether a search's own statement must rank them alike
    html: Path | None  # a folder of pages
    console: Console
    differing: int = field(default=0, init=False)  # queries that SQL ranked differently

    def run(self, folder: Path) -> dict[str, Any]:
        """Judges a set and prints its tables; what is written of it.

        Raises:
            JudgedSetInvalid: it is invalid, or has no query of the split.
        """
        judged = self._load(folder)
        title = f"{judged.name}{f', split {self.split}' if self.split else ''}"
        judgements = self._judge(judged, self.own)
        found = [means(group) for group in groups(judgements)]
        self.console.print(table(title, found))
        if self.sql:
            self._rank_in_sql(judged, title)
        comparison = None if self.other is None else self._compare(judged, judgements, self.other, title)
        mixed = self._mix(judged, title) if self.mixed else None
        if self.html is not None:
            index = usual_index(judged, self.split, self.own.encodings, self.own.alignment)
            written = write_page(self.html, judged.name, page(title, judged, judgements, index))
            self.console.print(f"Page: {written}")
        card = self.own.alignment.card
        space = " ".join(f"{modality}={encoder}" for modality, encoder in card.encoders.items())
        return document(card.sha256, f"{space} dim={card.dim}", found, comparison, mixed)

    def _load(self, folder: Path) -> JudgedSet:
        judged = load_judged_set(folder)
        if not judged.of_split(self.split):
            splits = ", ".join(judged.splits)
            raise JudgedSetInvalid(f"{folder} has no query of split {self.split!r}, only of {splits}.")
        if judged.missing:
            count, first = len(judged.missing), judged.missing[0]
            self.console.print(f"Files are missing: {count}, among them {first}", highlight=False, soft_wrap=True)
            self.console.print("Products are searched without them; queries that are such a file are left out.")
        return judged

    def _judge(self, judged: JudgedSet, by: Compared) -> list[Judgement]:
        return judge(judged, self.split, by.encodings, by.alignment, transcripts=self.heard)

    def _rank_in_sql(self, judged: JudgedSet, title: str) -> None:
        ranked = batches(judged, self.split, self.own.encodings, self.own.alignment)
        with database() as session:
            agreed = agreement(session, ranked, self.own.alignment)
        self.console.print(f"{title}: {agreed}", highlight=False)
        self.differing += len(agreed.differing)

    def _compare(
        self, judged: JudgedSet, judgements: Sequence[Judgement], other: Compared, title: str
    ) -> dict[str, Any]:
        compared = compare(judgements, self._judge(judged, other))
        self.console.print(comparison_table(f"{title}: less what {other.name} finds", compared))
        return comparison_document(other.alignment.card.sha256, compared)

    def _mix(self, judged: JudgedSet, title: str) -> list[dict[str, Any]]:
        scores = judge_mixed(judged, self.split, self.own.encodings, self.own.alignment, transcripts=self.heard)
        rows = mixed_rows(scores, self.own.alignment)
        if not rows:
            self.console.print(f"{title}: no two queries of different modalities are for the same product.")
            return []
        self.console.print(mixed_table(f"{title}: mixed queries", rows))
        return mixed_document(rows)
