"""Which other views of a content are learnt from beside itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.types import Modality
from workers.encodings import Content, FileContent, TextContent
from workers.training.augmented_pictures import PictureView
from workers.training.augmented_recordings import RecordingView
from workers.training.augmented_texts import wordings


@dataclass(frozen=True, kw_only=True)
class Views:
    """So many views of each picture and of each recording, and up to so many wordings of each text."""

    count: int  # of a picture and of a text
    recordings: int  # of a recording
    seed: int

    def of(self, content: Content) -> Sequence[Content]:
        """The views of a content, without itself. What is synthetic varies already."""
        if isinstance(content, TextContent):
            return [TextContent(text, content.role) for text in wordings(content.text, self.seed, self.count)]
        if not isinstance(content, FileContent):
            return []
        view, count = (
            (PictureView, self.count) if content.modality is Modality.IMAGE else (RecordingView, self.recordings)
        )
        return [view(path=content.path, seed=self.seed, number=number) for number in range(count)]


NO_VIEWS = Views(count=0, recordings=0, seed=0)
