"""Each default encoder, loaded once a run, on the CPU with one thread."""

from collections.abc import Iterator

import pytest
import torch

from workers.encoders.image import ImageEncoder
from workers.encoders.speech import SpeechEncoder
from workers.encoders.text import TextEncoder

CPU = torch.device("cpu")


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def text_encoder() -> TextEncoder:
    return TextEncoder.load(CPU)


@pytest.fixture(scope="session")
def image_encoder() -> ImageEncoder:
    return ImageEncoder.load(CPU)


@pytest.fixture(scope="session")
def speech_encoder() -> SpeechEncoder:
    return SpeechEncoder.load(CPU)
