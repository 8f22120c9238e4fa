"""What recordings say, from a file where it was heard before, for evaluation."""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from app.errors import TriseekError
from workers.encoders.speech import BASE
from workers.encoders.transcriber import RECIPE, Transcriber
from workers.encodings import FileContent
from workers.media import MediaLimits, decode_sound

Readings = tuple[str, ...]  # the likeliest first
AT_ONCE = 32  # recordings between two writes to the file


class Transcripts:
    """Transcribes recordings and remembers what was said. The model is loaded when a recording is new.

    Args:
        folder: where the transcripts of each model are kept.
        threads: of the model.
        limits: recordings that are refused.
        progress: shows how many are heard.
    """

    def __init__(self, folder: Path, threads: int, limits: MediaLimits, progress: Progress) -> None:
        self._folder = folder / f"transcripts@{BASE.revision}-{RECIPE}"
        self._threads = threads
        self._limits = limits
        self._progress = progress
        self._heard: dict[str, Readings] = {}
        for path in sorted(self._folder.glob("*.json")):
            stored = json.loads(path.read_text(encoding="utf-8"))
            self._heard |= {key: tuple(readings) for key, readings in stored.items()}

    def of(self, recordings: Sequence[FileContent]) -> list[Readings]:
        """The readings of each recording, none where nothing is understood or it cannot be read."""
        keys = [recording.key for recording in recordings]
        missing = {key: recording for key, recording in zip(keys, recordings, strict=True) if key not in self._heard}
        if missing:
            transcriber = Transcriber.load(self._threads)
            waiting = list(missing.items())
            task = self._progress.add_task("transcribing", total=len(waiting))
            for start in range(0, len(waiting), AT_ONCE):
                batch = waiting[start : start + AT_ONCE]
                self._add({key: self._hear(transcriber, recording) for key, recording in batch})
                self._progress.advance(task, len(batch))
            self._progress.remove_task(task)
        return [self._heard[key] for key in keys]

    def _hear(self, transcriber: Transcriber, recording: FileContent) -> Readings:
        try:
            return transcriber.transcribe(decode_sound(recording.path.read_bytes(), self._limits)).readings
        except TriseekError:
            return ()

    def _add(self, heard: dict[str, Readings]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f".{uuid.uuid4().hex}"
        partial.write_text(json.dumps(heard, ensure_ascii=False), encoding="utf-8")
        partial.rename(self._folder / f"{uuid.uuid4().hex}.json")
        self._heard |= heard
