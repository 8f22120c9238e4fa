"""`triseek align train --catalogue`: fits the present alignment to a shop's own products."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

import torch
from rich.console import Console
from rich.progress import Progress

from app.catalog import service
from app.cli.server import DATA, running
from app.db import catalogues
from app.db.engine import make_engine, make_sessions
from app.errors import ArtifactInvalid, JudgedSetInvalid
from app.keys.service import TENANT
from app.media.store import MediaStore
from app.settings import Settings, child_environ
from app.types import EncoderCard, Modality
from workers.alignment.artifact import DEFAULT, TUNED, Alignment, save_alignment
from workers.alignment.network import AlignmentNetwork
from workers.alignment.opening import open_alignment
from workers.alignment.picture_head import PictureHead
from workers.alignment.tuned import tuned_encodings
from workers.cli.align_data import CURVE
from workers.cli.options import LIMITS, progress_bar
from workers.encoders.choice import Choice
from workers.encodings import Encodings
from workers.evaluation.gate import Verdict, verdict
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.evaluation.judging import judge
from workers.training.curve import training_curve
from workers.training.fit_shop import fit_shop
from workers.training.pair_sets import SMALLEST, PairSet, encode_pairs
from workers.training.pairs import pairs_of
from workers.training.phrases import phrase_pairs
from workers.training.selection import DEV, dev_score
from workers.training.settings import TrainingSettings
from workers.training.shop import write_judged_set
from workers.training.steps import Look

URLS = ("database_url", "redis_url", "media_url")
BATCH = 256
EPOCHS = 5  # on dev, more of them lose what fewer win
FEWEST_STEPS = 120
LOOKS = 6  # at dev


def fit_catalogue(
    name: str,
    out: Path,
    steps: int | None,
    seed: int,
    pair_losses: Mapping[str, str],
    encoders: Choice,
    cache: Path,
    device: torch.device,
    console: Console,
) -> None:
    """Trains on most of a catalogue's products, judges on the others, and writes an artifact that is ready or not.

    Raises:
        SettingsInvalid: no database is named, and no stack runs here.
        CatalogueUnknown: there is no catalogue of this name.
        JudgedSetInvalid: it has too few products with text and picture.
        ArtifactInvalid: the present alignment's picture encoder knows no class names.
    """
    started = perf_counter()
    here = _here()
    base = here.alignment or DEFAULT
    present, cards = _fittable(base, encoders)
    folder = out / "data"
    _read_catalogue(name, here, folder)
    judged = load_judged_set(folder)
    with progress_bar(console) as progress:
        encoded = tuned_encodings(Encodings(cache, cards, LIMITS, progress, device.type), base, present.card)
        sets = _pictured(judged, encoded, name)
        settings = _settings(sum(map(len, sets)), steps, seed, pair_losses)
        network, checkpoints, losses = _fit(judged, encoded, sets, present, settings, device, progress)
        fitted = Alignment(network, replace(present.card, known=network.known))
        found = verdict(judge(judged, DEV, encoded, fitted), judge(judged, DEV, encoded, present))
        for why in encoded.unreadable.values():
            console.print(f"left out: {why}", highlight=False)
    training = _record(name, present, sets, checkpoints, found, settings)
    save_alignment(out, network, replace(fitted.card, ready=found.ready, training=training))
    if present.card.tuned and base.resolve() != out.resolve():
        shutil.copyfile(base / TUNED, out / TUNED)
    (out / CURVE).write_text(training_curve({"shop": losses}, checkpoints), encoding="utf-8")
    console.print(f"{found}", highlight=False)
    console.print(f"Wrote {out} in {perf_counter() - started:.0f} s; its pairs and queries are in {folder}.")
    if found.ready:
        console.print(f"To search with it: triseek reindex --alignment {out.resolve()}", highlight=False)


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


def _here() -> Settings:
    """The settings of the environment; where it names no servers, those of the stack that runs here."""
    run = running(DATA) or {}
    return Settings.from_env(child_environ({}, {url.upper(): str(run[url]) for url in URLS if url in run}))


def _read_catalogue(name: str, settings: Settings, folder: Path) -> None:
    engine = make_engine(settings.database_url)
    try:
        with make_sessions(engine)() as session:
            catalogue = service.catalogue_id(session, catalogues.first_tenant(session, TENANT), name)
            write_judged_set(session, MediaStore(settings.media_url), catalogue, folder)
    finally:
        engine.dispose()


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
