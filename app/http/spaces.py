"""Embedding spaces over HTTP."""

from sqlalchemy.orm import Session

from app.db import spaces as rows
from app.http.endpoints import Answer, Endpoints
from app.http.idempotency import once
from app.http.present import space_document
from app.http.schemas.spaces import SpaceSchema, SpacesSchema
from app.http.services import services
from app.spaces import service
from app.types import Scope

spaces = Endpoints("spaces", "Look after embedding spaces.")


@spaces.endpoint("GET", "/spaces", scopes=[Scope.ADMIN], answers={200: SpacesSchema})
def list_spaces() -> Answer:
    """List the embedding spaces, oldest first."""
    with services().sessions() as session:
        return Answer(body={"spaces": [space_document(space) for space in rows.every(session)]})


@spaces.endpoint("POST", "/spaces/<int:space_id>/activate", scopes=[Scope.ADMIN], answers={200: SpaceSchema})
def activate_space(space_id: int) -> Answer:
    """Let a ready space answer searches from now on."""

    def work(session: Session) -> Answer:
        return Answer(body=space_document(service.activate(session, space_id)))

    return once(work)
