"""What a catalogue holds, in numbers."""

from typing import Any

from sqlalchemy.orm import Session

from app.db import counting, spaces
from app.types import Modality, SpaceState


def stats(session: Session, catalogue_id: int) -> dict[str, Any]:
    """Products by state, media with their bytes, and vectors by space."""
    states = counting.by_state(session, catalogue_id)
    media, sizes = counting.media(session, catalogue_id), counting.media_bytes(session, catalogue_id)
    answering = spaces.answering(session, catalogue_id)
    own = [space for space in spaces.every(session) if space.catalogue_id in (None, catalogue_id)]
    return {
        "products": {"total": counting.products(session, catalogue_id)} | {str(each): states[each] for each in states},
        "media": {
            str(each): {"count": media.get(each, 0), "bytes": sizes.get(each, 0)}
            for each in (Modality.IMAGE, Modality.SPEECH)
        },
        "spaces": [
            {
                "id": space.id,
                "state": space.state,
                "answers": answering is not None and space.id == answering.id,
                "products": counting.covered(session, space.id, [catalogue_id]),
                "vectors": {
                    modality: count
                    for modality, (count, _) in counting.vectors(session, space.id, [catalogue_id]).items()
                },
            }
            for space in own
            if space.state != SpaceState.RETIRED
        ],
    }
