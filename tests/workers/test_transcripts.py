from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.progress import Progress

from app.types import Modality
from tests.workers.sounds import tone
from workers.encoders.transcriber import Transcriber
from workers.encodings import FileContent
from workers.media import MediaLimits
from workers.transcripts import Transcripts

LIMITS = MediaLimits(max_pixels=1_000_000, max_seconds=60)
RATE = 16_000


def _recording(path: Path, samples: np.ndarray) -> FileContent:
    soundfile.write(path, samples, RATE)
    return FileContent(path, Modality.SPEECH)


def _transcripts(folder: Path) -> Transcripts:
    return Transcripts(folder, 1, LIMITS, Progress(disable=True))


def test_a_recording_is_heard_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = _recording(tmp_path / "tone.wav", tone(RATE))
    (first,) = _transcripts(tmp_path / "cache").of([recording])
    monkeypatch.setattr(Transcriber, "load", lambda _: pytest.fail("the model is loaded for nothing"))
    copy = FileContent(Path(tmp_path / "copy.wav"), Modality.SPEECH)
    copy.path.write_bytes(recording.path.read_bytes())
    assert _transcripts(tmp_path / "cache").of([copy, recording]) == [first, first]


def test_what_cannot_be_decoded_says_nothing(tmp_path: Path) -> None:
    broken = FileContent(tmp_path / "broken.wav", Modality.SPEECH)
    broken.path.write_bytes(b"RIFF, and then nothing")
    assert _transcripts(tmp_path / "cache").of([broken]) == [()]
