"""What the embedding spaces of a process share: encoders, what decodes media, what reads recordings."""

import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from app.errors import TriseekError
from app.settings import Settings
from app.types import EncoderCard, Modality
from workers.alignment.card import AlignmentCard, tuned_card
from workers.alignment.tuned import tuned
from workers.content_encoder import ContentEncoder
from workers.decoding.decoders import DecodeLimits, Decoders
from workers.encoders import registry
from workers.encoders.transcriber import Transcriber, Transcript
from workers.media import MediaLimits


class SharedParts:
    """Each encoder is loaded once, and let go with the last space that has it.

    Args:
        threads: that compute.
        limits: media that are refused.
        decode_threads: how many contents are decoded beside the forward pass, each in a process of its own.
    """

    def __init__(self, threads: int, limits: DecodeLimits, decode_threads: int) -> None:
        self._threads = threads
        self._decoders = Decoders(limits, decode_threads)
        self._pool = ThreadPoolExecutor(decode_threads, thread_name_prefix="decode")
        self._encoders: weakref.WeakValueDictionary[str, ContentEncoder] = weakref.WeakValueDictionary()

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Sets the process's compute threads; weights are loaded as they are needed."""
        torch.set_num_threads(settings.threads)
        return cls(settings.threads, DecodeLimits(media=MediaLimits.of(settings)), settings.decode_threads)

    def load_transcriber(self) -> Transcriber:
        """Loads what reads recordings, which is otherwise loaded when the first one is read: only searches need it.

        Raises:
            WeightsInvalid: its weights are missing or damaged.
        """
        return self._transcriber

    @cached_property
    def _transcriber(self) -> Transcriber:
        return Transcriber.load(self._threads)

    def start_decoders(self) -> None:
        """Starts what decodes media, which would otherwise start with the first picture or recording."""
        self._decoders.start()

    def encoder(self, card: EncoderCard, folder: Path, alignment: AlignmentCard) -> ContentEncoder:
        """An encoder as an artifact was trained with it: with last blocks of its own, if the artifact carries some.

        Raises:
            WeightsInvalid, ArtifactInvalid: weights are missing, damaged, or another encoder's.
        """
        blocks = alignment.tuned.get(card.modality)
        wanted = card.id if blocks is None else tuned_card(card, blocks).id
        found = self._encoders.get(wanted)
        if found is None:
            encoder = tuned(registry.load(card), folder, alignment)
            found = ContentEncoder(encoder, self._decoders, self._pool)
            self._encoders[wanted] = found
        return found

    def decode_picture(self, data: bytes) -> NDArray[np.uint8]:
        """(height, width, 3) RGB of the bytes of a picture, decoded in a process apart.

        Raises:
            MediaUnreadable, MediaTooLarge: it is none, or beyond the limits.
        """
        return self._decoders.decode(Modality.IMAGE, data)

    def transcribe(self, recording: bytes) -> Transcript:
        """What a recording says; nothing where it cannot be decoded."""
        try:
            waveform = self._decoders.decode(Modality.SPEECH, recording)
        except TriseekError:
            return Transcript(language="", text="", readings=())
        return self._transcriber.transcribe(waveform)
