"""Texts to token ids by a checkpoint's own tokenizer."""

from pathlib import Path

from transformers import AutoTokenizer

from app.errors import WeightsInvalid
from workers.encoders.base import Stretch
from workers.encoders.token_words import words_among

# Any of these holds a vocabulary; without one, transformers would make up a tokenizer that knows no word.
VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)


class TokenIds:
    """The tokenizer in a checkpoint's folder.

    Args:
        folder: of the checkpoint.
        longest: token ids of a text, those that mark its start and end among them.

    Raises:
        WeightsInvalid: there is no tokenizer, or none of those that run without Python.
    """

    def __init__(self, folder: Path, longest: int) -> None:
        if not any((folder / name).is_file() for name in VOCABULARIES):
            raise WeightsInvalid(f"{folder} has no tokenizer: none of {', '.join(VOCABULARIES)} is there.")
        try:
            whole = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            # Called through transformers it changes its own state at each call, which no second thread may see.
            self._tokenizer = whole.backend_tokenizer
        except (OSError, ValueError, LookupError, ImportError, TypeError, AttributeError) as error:
            raise WeightsInvalid(f"{folder} has no tokenizer that is read here: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(longest)
        self._pads_left = whole.padding_side == "left"
        self.padding: int = whole.pad_token_id or 0

    def ids(self, text: str) -> list[int]:
        """The token ids of a text, at most `longest`; safe in any thread."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def read(self, text: str) -> tuple[list[int], tuple[Stretch, ...]]:
        """The token ids of a text, as `ids`, and its words."""
        found = self._tokenizer.encode(text)
        return found.ids, words_among(text, found.offsets)

    def filled(self, text: str, length: int) -> list[int]:
        """The same, padded to a length on the side that the checkpoint's tokenizer pads."""
        ids = self.ids(text)
        padding = [self.padding] * (length - len(ids))
        return padding + ids if self._pads_left else ids + padding
