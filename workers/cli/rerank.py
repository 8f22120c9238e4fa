"""`triseek align rerank`: teaches the re-rank of an artifact, and says what it brings."""

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.errors import JudgedSetInvalid
from app.types import Modality
from workers.alignment.artifact import Alignment, save_alignment
from workers.alignment.opening import open_alignment
from workers.alignment.rerank_head import RerankHead
from workers.alignment.tuned import tuned_encodings
from workers.cli.options import (
    LIMITS,
    OUTPUT_FILE,
    cache_option,
    data_option,
    encoders_option,
    progress_bar,
    threads_option,
)
from workers.encoders.choice import parse
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.rerank.sides import look, padded
from workers.training.ranked_lists import RankedList, by_modality, ranked_lists
from workers.training.rerank import RerankSettings, Sides, candidate_side, train_rerank
from workers.training.rerank_choice import Floats, RerankRow, choose_weights, nearness, rows
from workers.training.selection import DEV
from workers.training.token_sides import principal_axes, projected_tokens, sides
from workers.transcripts import Transcripts

TRAIN = "train"
CANDIDATES = 100  # of each query
TIMED = 200  # queries


@click.command()
@click.argument("artifact", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
@click.option(
    "--steps", type=click.IntRange(1), default=RerankSettings.steps, show_default=True, help="Of the training."
)
@click.option("--measure", is_flag=True, help="Only say what it brings; leave the artifact as it is.")
@click.option("--json", "json_file", type=OUTPUT_FILE, help="Also write the table as JSON.")
@encoders_option
@cache_option
@threads_option
def rerank(
    artifact: Path,
    data: tuple[Path, ...],
    *,
    steps: int,
    measure: bool,
    json_file: Path | None,
    encoders: str,
    cache: Path,
    threads: int,
) -> None:
    """Teach the re-rank of ARTIFACT on judged sets, and choose on dev how much it counts.

    ARTIFACT becomes another alignment: products need to be embedded anew, for their tokens are kept along new axes.
    """
    torch.set_num_threads(threads)
    console = Console()
    alignment, cards = open_alignment(artifact, parse(encoders))
    judged = [load_judged_set(folder) for folder in data]
    with progress_bar(console) as progress:
        encodings = tuned_encodings(Encodings(cache, cards, LIMITS, progress), artifact, alignment.card)
        dev = _lists(judged, DEV, encodings, alignment, Transcripts(cache, threads, LIMITS, progress))
        if measure:
            seen = sides(projected_tokens(by_modality(dev), encodings, alignment), alignment)
        else:
            taught = [each for each in _lists(judged, TRAIN, encodings, alignment, None) if _teaches(each)]
            if not taught:
                raise JudgedSetInvalid(
                    "No query of a split `train` has relevant and other products to choose from: with --measure"
                    " the present re-rank is judged, which needs none."
                )
            alignment, seen = _taught(taught, dev, encodings, alignment, RerankSettings(steps=steps), progress)
    free = Measured.of(RerankHead(alignment.token_dim), dev, seen)
    trained = Measured.of(alignment.network.rerank, dev, seen)
    if measure:
        trained = replace(trained, weights=alignment.card.rerank_weights)
    else:
        save_alignment(artifact, alignment.network, replace(alignment.card, rerank_weights=trained.weights))
    found = rows(dev, (free.near, free.weights), (trained.near, trained.weights))
    _tell(found, free, trained, console)
    if json_file is not None:
        measured = {"free": free.document(), "trained": trained.document()}
        document = {"rows": [asdict(row) for row in found], **measured}
        json_file.write_text(json.dumps(document, indent=2), encoding="utf-8")


@dataclass(frozen=True)
class Measured:
    """What a head says of dev's lists, how much it may count, and how long it takes."""

    near: Sequence[Floats]  # for each list, (candidates,)
    weights: Mapping[Modality, float]
    milliseconds: float  # for 100 candidates of a query, the median

    @classmethod
    def of(cls, head: RerankHead, lists: Sequence[RankedList], seen: Sides) -> "Measured":
        """Looks at all lists, and once more at some with a watch."""
        near = nearness(head, lists, seen)
        return cls(near, choose_weights(lists, near), _latency(head, lists, seen))

    def document(self) -> dict[str, object]:
        """For machines."""
        return {"weights": dict(self.weights), "milliseconds": self.milliseconds}


def _lists(
    judged: Sequence[JudgedSet], split: str, encodings: Encodings, alignment: Alignment, heard: Transcripts | None
) -> list[RankedList]:
    return [
        own
        for each in judged
        for own in ranked_lists(each, split, encodings, alignment, most=CANDIDATES, transcripts=heard)
    ]


def _teaches(each: RankedList) -> bool:
    """Not what dev judges by, too: queries of every split."""
    return each.query.split == TRAIN and each.teaches


def _taught(
    lists: Sequence[RankedList],
    dev: Sequence[RankedList],
    encodings: Encodings,
    alignment: Alignment,
    settings: RerankSettings,
    progress: Progress,
) -> tuple[Alignment, Sides]:
    """The alignment with new axes for its tokens and a head that learnt from lists; the tokens of these and of dev."""
    projected = projected_tokens(by_modality([*lists, *dev]), encodings, alignment)
    network = deepcopy(alignment.network)
    network.token_axes.copy_(principal_axes(projected, alignment.token_dim))
    network.rerank = RerankHead(alignment.token_dim)
    found = Alignment(network, alignment.card)
    seen = sides(projected, found)
    task = progress.add_task("teaching the re-rank", total=settings.steps)

    def on_step(loss: float) -> None:
        progress.update(task, advance=1, description=f"teaching the re-rank, loss {loss:.2f}")

    train_rerank(network.rerank, lists, seen, settings, on_step)
    return found, seen


def _latency(head: RerankHead, lists: Sequence[RankedList], seen: Sides) -> float:
    took = []
    for each in [own for own in lists if len(own.candidates) == CANDIDATES][:TIMED]:
        parts = [seen[part.held] for part in each.parts]
        candidates = [candidate_side(own, seen) for own in each.candidates]
        start = time.perf_counter()
        with torch.inference_mode():
            look(head, parts, padded(candidates))
        took.append(1000 * (time.perf_counter() - start))
    return statistics.median(took) if took else 0.0


def _tell(found: Sequence[RerankRow], free: Measured, trained: Measured, console: Console) -> None:
    console.print(_table(found))
    for name, own in (("without parameters", free), ("trained", trained)):
        weights = ", ".join(f"{modality} {weight:g}" for modality, weight in own.weights.items())
        console.print(f"The re-rank {name} weighs, beside the cosine: {weights or 'nothing'}.", highlight=False)
        console.print(f"It looks at {CANDIDATES} candidates in {own.milliseconds:.1f} ms (median).", highlight=False)


def _table(found: Sequence[RerankRow]) -> Table:
    table = Table(title="nDCG@10 on dev", box=None)
    for name in ("set", "query", "kind"):
        table.add_column(name)
    for name in ("n", "cosine", "free", "trained", "gain", "95 %"):
        table.add_column(name, justify="right")
    for row in found:
        interval = "" if row.interval is None else f"{row.interval[0]:+.3f} to {row.interval[1]:+.3f}"
        means = [f"{value:.3f}" for value in (row.cosine, row.free, row.trained)]
        table.add_row(row.judged, row.modality, row.kind, str(row.n), *means, f"{row.gain:+.3f}", interval)
    return table
