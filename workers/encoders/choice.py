"""Which encoders are wanted: `--encoders` and TRISEEK_ENCODERS, and what an alignment's card names."""

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from app.errors import EncoderUnknown
from app.types import EncoderCard, Modality
from workers.encoders import registry

Choice = Mapping[Modality, str]  # modality -> a name, a hub id, or a folder; the default encoder for those left out

CLIP, SIGLIP = "openai/clip-vit-base-patch32", "google/siglip2-base-patch16-224"
PRESETS: Mapping[str, Choice] = {
    "default": {},
    "hub": {Modality.TEXT: "bert-base-uncased", Modality.IMAGE: "resnet50", Modality.SPEECH: "facebook/wav2vec2-base"},
    "mfcc": {Modality.SPEECH: "mfcc"},
    "clip": {Modality.TEXT: CLIP, Modality.IMAGE: CLIP},
    "siglip": {Modality.TEXT: SIGLIP, Modality.IMAGE: SIGLIP},
}
# Repositories of the hub that have no owner in their id.
BARE = (
    "bert-base-cased",
    "bert-base-chinese",
    "bert-base-multilingual-cased",
    "bert-base-uncased",
    "distilbert-base-uncased",
    "roberta-base",
    "xlm-roberta-base",
)
REPOSITORY = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")
COMMIT = re.compile(r"[0-9a-f]{40}")


def parse(written: str) -> Choice:
    """Reads `mfcc`, or `text=bert-base-uncased,image=/models/resnet50`; nothing is the default of all modalities.

    Raises:
        EncoderUnknown: it is neither a preset nor such a list.
    """
    if not written:
        return {}
    if "=" not in written:
        if written not in PRESETS:
            raise EncoderUnknown(
                f"There is no choice of encoders {written!r}: name one of {', '.join(PRESETS)},"
                " or write text=…,image=…,speech=…."
            )
        return PRESETS[written]
    chosen: dict[Modality, str] = {}
    for part in written.split(","):
        modality, _, value = (side.strip() for side in part.partition("="))
        if modality not in set(Modality) or not value:
            raise EncoderUnknown(f"{part!r} names no encoder: write text=…, image=… or speech=…, apart by commas.")
        if modality in chosen:
            raise EncoderUnknown(f"{written!r} names two encoders for {modality}.")
        chosen[Modality(modality)] = value
    return chosen


def cards_of(choice: Choice) -> Mapping[Modality, EncoderCard]:
    """The cards of the chosen encoders, and of the defaults for the other modalities.

    Raises:
        EncoderUnknown: nothing of that name is known.
        WeightsInvalid: a folder or a repository cannot be read.
    """
    return {**registry.default_cards(), **{modality: _find(value, modality) for modality, value in choice.items()}}


def cards_named(encoders: Mapping[Modality, str], choice: Choice) -> Mapping[Modality, EncoderCard]:
    """The cards of the encoders that an alignment names.

    Whether they are the very ones is for who loads the alignment to say.

    Args:
        encoders: `EncoderCard.id` of each modality.
        choice: where those are that have no name here. What it says comes first.

    Raises:
        EncoderUnknown: it does not say where one of them is.
        WeightsInvalid: a folder or a repository cannot be read.
    """
    return {modality: _named(encoders.get(modality, ""), modality, choice.get(modality)) for modality in Modality}


def _named(wanted: str, modality: Modality, value: str | None) -> EncoderCard:
    name, _, revision = wanted.partition("@")
    if value is not None and (value != name or Path(value).exists()):
        return _find(value, modality)
    known = {card.name: card for card in registry.cards() if card.modality is modality}
    if name in known:
        return known[name]
    if COMMIT.fullmatch(revision):
        return _on_hub(name, modality, revision)
    raise EncoderUnknown(
        f"The alignment was made for {modality} by {wanted or 'no encoder'}, and no such encoder has a name here:"
        f" say where it is, with --encoders {modality}=FOLDER or in TRISEEK_ENCODERS."
    )


def _find(value: str, modality: Modality) -> EncoderCard:
    known = {card.name: card for card in registry.cards()}
    if value in known:
        if known[value].modality is not modality:
            raise EncoderUnknown(f"{value!r} encodes {known[value].modality}, not {modality}.")
        return known[value]
    path = Path(value).expanduser()
    if path.exists():
        families, checkpoint = import_module("workers.encoders.families"), import_module("workers.encoders.checkpoint")
        found: EncoderCard = families.card_of(checkpoint.local_checkpoint(path), modality)
        return found
    if value in BARE or REPOSITORY.fullmatch(value):
        return _on_hub(value, modality, "main")
    names = [name for name, card in known.items() if card.modality is modality]
    raise EncoderUnknown(
        f"There is no encoder of {modality} {value!r}, and no such folder: known are {', '.join(names)};"
        " also a repository of the hub (owner/name) or a local folder."
    )


def _on_hub(repository: str, modality: Modality, revision: str) -> EncoderCard:
    families, checkpoint = import_module("workers.encoders.families"), import_module("workers.encoders.checkpoint")
    found: EncoderCard = families.card_of(checkpoint.hub_checkpoint(repository, revision), modality)
    return found
