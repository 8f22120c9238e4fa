"""`triseek align train --catalogue`: fits the alignment that answers a shop's searches to its own products."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter

import torch
from rich.console import Console
from rich.progress import Progress

from app.catalog import service
from app.cli.server import DATA, settings_here
from app.db import spaces, tenants
from app.db.space_tables import EmbeddingSpace
from app.errors import ArtifactInvalid, JudgedSetInvalid
from app.keys.service import TENANT
from app.types import EncoderCard, Modality
from workers.alignment.artifact import TUNED, Alignment, save_alignment
from workers.alignment.network import AlignmentNetwork
from workers.alignment.opening import open_alignment
from workers.alignment.picture_head import PictureHead
from workers.alignment.tuned import tuned_encodings
from workers.cli.align_data import CURVE
from workers.cli.options import LIMITS, progress_bar
from workers.connections import Connections
from workers.encoders.choice import Choice, parse
from workers.encodings import Encodings
from workers.evaluation.gate import Verdict, verdict
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.evaluation.judging import judge
from workers.towers import artifact_folder, settings_folder
from workers.training.curve import training_curve
from workers.training.fit_shop import fit_shop
from workers.training.pair_sets import SMALLEST, PairSet, encode_pairs
from workers.training.pairs import pairs_of
from workers.training.phrases import phrase_pairs
from workers.training.selection import DEV, dev_score
from workers.training.settings import TrainingSettings
from workers.training.shop import write_judged_set
from workers.training.steps import Look

BATCH = 256
EPOCHS = 5  # on dev, more of them lose what fewer win
FEWEST_STEPS = 120
LOOKS = 6  # at dev


@dataclass(frozen=True, kw_only=True)
class CatalogueFit:
    """What is fitted to which catalogue, and how."""

    catalogue: str
    out: Path
    steps: int | None  # as its size wants unless told
    seed: int
    losses: Mapping[str, str]
    encoders: Choice  # those of the alignment that answers unless told
    cache: Path
    device: torch.device
    console: Console

    def run(self) -> None:
        """Trains on most of the products, judges on the others, and writes an artifact that is ready or not.

        Raises:
            SettingsInvalid: no database is named, and no stack runs here.
            CatalogueUnknown: there is no catalogue of this name.
            JudgedSetInvalid: it has too few products with text and picture.
            ArtifactInvalid: the present alignment's picture encoder knows no class names.
        """
        started = perf_counter()
        data = self.out / "data"
        connections = Connections.of(settings_here(DATA))
        try:
            space = _read_catalogue(self.catalogue, connections, data)
            with _answering(space, connections) as base:
                is_ready = self._fit_from(base, self.encoders or _places(space))
        finally:
            connections.close()
        self.console.print(
            f"Wrote {self.out} in {perf_counter() - started:.0f} s; its pairs and queries are in {data}."
        )
        if is_ready:
            self.console.print(f"To search with it: triseek reindex --alignment {self.out.resolve()}", highlight=False)

    def _fit_from(self, base: Path, encoders: Choice) -> bool:
        """Writes what comes of the alignment in a folder; whether it may answer searches."""
        present, cards = _fittable(base, encoders)
        judged = load_judged_set(self.out / "data")
        with progress_bar(self.console) as progress:
            own = Encodings(self.cache, cards, LIMITS, progress, self.device.type)
            encoded = tuned_encodings(own, base, present.card)
            sets = _pictured(judged, encoded, self.catalogue)
            settings = _settings(sum(map(len, sets)), self.steps, self.seed, self.losses)
            network, checkpoints, losses = _fit(judged, encoded, sets, present, settings, self.device, progress)
            fitted = Alignment(network, replace(present.card, known=network.known))
            found = verdict(judge(judged, DEV, encoded, fitted), judge(judged, DEV, encoded, present))
            for why in encoded.unreadable.values():
                self.console.print(f"left out: {why}", highlight=False)
        training = _record(self.catalogue, present, sets, checkpoints, found, settings)
        save_alignment(self.out, network, replace(fitted.card, ready=found.ready, training=training))
        if present.card.tuned:
            shutil.copyfile(base / TUNED, self.out / TUNED)
        (self.out / CURVE).write_text(training_curve({"shop": losses}, checkpoints), encoding="utf-8")
        self.console.print(f"{found}", highlight=False)
        return found.ready


@contextmanager
def _answering(space: EmbeddingSpace | None, connections: Connections) -> Iterator[Path]:
    """The artifact of a space, for as long as it is being read; without a space, that which the settings name."""
    if space is None:
        yield settings_folder(connections.settings)
        return
    with artifact_folder(space.artifact, space.alignment, connections) as folder:
        yield folder


def _places(space: EmbeddingSpace | None) -> Choice:
    """Where the encoders of a space are that have no name."""
    return parse("" if space is None else space.places)


def _fittable(base: Path, encoders: Choice) -> tuple[Alignment, Mapping[Modality, EncoderCard]]:
    """The present alignment and its encoders' cards.

    Raises:
        ArtifactInvalid: its picture encoder knows no class names.
    """
    present, cards = open_alignment(base, encoders)
    if not isinstance(present.network.head(Modality.IMAGE), PictureHead):
        raise ArtifactInvalid(
            f"{base} cannot be fitted to a catalogue: its picture encoder,"
            f" {cards[Modality.IMAGE].name}, has no classifier. Train from judged sets (--data) instead."
        )
    return present, cards


def _read_catalogue(name: str, connections: Connections, folder: Path) -> EmbeddingSpace | None:
    """Writes a catalogue's products as a judged set; the space that answers its searches, if there is one yet."""
    with connections.sessions() as session:
        catalogue = service.catalogue_id(session, tenants.find_or_create(session, TENANT), name)
        write_judged_set(session, connections.store, catalogue, folder)
        return spaces.answering(session, catalogue)


def _pictured(judged: JudgedSet, encoded: Encodings, name: str) -> list[PairSet]:
    pairs = [each for each in pairs_of(judged) if {each.left[0], each.right[0]} == {Modality.TEXT, Modality.IMAGE}]
    sets = encode_pairs([*pairs, *phrase_pairs(judged, TrainingSettings.seed)], encoded)
    if not sets or not judged.of_split(DEV):
        raise JudgedSetInvalid(
            f"The catalogue {name!r} has too little to learn from: at least {SMALLEST} products with a title and a"
            " picture must be left when some are kept apart to judge by. The present alignment stays."
        )
    return sets


def _settings(pairs: int, steps: int | None, seed: int, losses: Mapping[str, str]) -> TrainingSettings:
    """A shop has few pairs, which are learnt by heart at the pace of a whole training."""
    wanted = steps or max(FEWEST_STEPS, EPOCHS * pairs // BATCH)
    return TrainingSettings(
        steps=wanted,
        seed=seed,
        losses=losses,
        batch=BATCH,
        learning_rate=2e-4,
        dropout=0.3,
        check_every=max(1, wanted // LOOKS),
    )


def _fit(
    judged: JudgedSet,
    encoded: Encodings,
    sets: Sequence[PairSet],
    present: Alignment,
    settings: TrainingSettings,
    device: torch.device,
    progress: Progress,
) -> tuple[AlignmentNetwork, list[Look], list[float]]:
    """The network, the looks at dev, and the loss of every step."""
    losses: list[float] = []
    seen = ""

    def dev(network: AlignmentNetwork) -> float:
        nonlocal seen
        score = dev_score([judged], encoded, network, present.card)
        seen = f", dev MRR {score:.4f}"
        progress.console.print(f"step {len(losses)}{seen}")
        return score

    task = progress.add_task("training", total=settings.steps)

    def on_step(stage: str, loss: float) -> None:
        losses.append(loss)
        progress.update(task, advance=1, description=f"training {stage}, loss {loss:.2f}{seen}")

    network, checkpoints = fit_shop(present.network, sets, settings, dev=dev, on_step=on_step, device=device)
    progress.remove_task(task)
    return network, checkpoints, losses


def _record(
    name: str,
    present: Alignment,
    sets: Sequence[PairSet],
    checkpoints: Sequence[Look],
    found: Verdict,
    settings: TrainingSettings,
) -> dict[str, object]:
    return {
        "catalogue": name,
        "from": present.card.sha256,
        "pairs": {each.name: len(each) for each in sets},
        "seed": settings.seed,
        "losses": dict(settings.losses),
        "dev": [asdict(each) for each in checkpoints],
        "gate": asdict(found),
    }
