"""The tokens of multilingual-e5: SentencePiece's Unigram over the vocabulary of the weight file.

Source: Kudo, Subword Regularization, ACL 2018 (arXiv 1804.10959); Kudo and Richardson, SentencePiece, EMNLP 2018.
"""

import re
import unicodedata
from collections.abc import Iterable

from sentencepiece import SentencePieceProcessor
from sentencepiece.sentencepiece_model_pb2 import (  # type: ignore[attr-defined]  # made as it is imported
    ModelProto,
    NormalizerSpec,
    TrainerSpec,
)

from workers.encoders.base import Stretch
from workers.encoders.e5_file import E5File
from workers.encoders.token_words import words_among

START, PAD, END, UNKNOWN = 0, 1, 2, 3  # token ids
CONTROL = frozenset({"<s>", "<pad>", "</s>", "<mask>"})  # which no text may name
NOWHERE = (0, 0)  # where start and end stand in a text


class E5Tokenizer:
    """Text to token ids.

    Args:
        file: that has the vocabulary.
        max_tokens: start and end among them.
    """

    def __init__(self, file: E5File, max_tokens: int) -> None:
        self._replacements = dict(file.replacements)
        self._most = max_tokens - 2
        self._pieces = SentencePieceProcessor(model_proto=_model(file.pieces))

    def ids(self, text: str) -> list[int]:
        """The token ids of a text, start and end among them, cut to the longest that is allowed."""
        return self.read(text)[0]

    def read(self, text: str, begin: int = 0) -> tuple[list[int], tuple[Stretch, ...]]:
        """The token ids of a text, as `ids`, and its words from a character on."""
        composed = unicodedata.normalize("NFC", text)  # the map below knows single code points only
        normal = re.sub(" {2,}", " ", composed.translate(self._replacements)).strip(" ")
        found = self._pieces.encode(normal, return_type="offset_mapping")
        offsets = [NOWHERE, *found["offsets"][: self._most], NOWHERE]
        return [START, *found["ids"][: self._most], END], words_among(normal, offsets, begin)


def _model(pieces: Iterable[tuple[str, float]]) -> bytes:
    """Pieces with their scores as the file that SentencePiece reads; texts are normalised before."""
    kind = ModelProto.SentencePiece.Type
    model = ModelProto(
        trainer_spec=TrainerSpec(
            model_type=TrainerSpec.UNIGRAM,
            bos_id=START,
            pad_id=PAD,
            eos_id=END,
            unk_id=UNKNOWN,
            pad_piece="<pad>",
        ),
        normalizer_spec=NormalizerSpec(name="identity", remove_extra_whitespaces=False),
    )
    for place, (piece, score) in enumerate(pieces):
        control = kind.CONTROL if piece in CONTROL else kind.NORMAL
        model.pieces.add(piece=piece, score=score, type=kind.UNKNOWN if place == UNKNOWN else control)
    written: bytes = model.SerializeToString()
    return written
