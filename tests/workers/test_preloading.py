"""Spaces are loaded before a search asks for them: those that answer first."""

from dataclasses import replace

from app.db import spaces
from app.spaces import service
from app.types import Modality, SpaceKey, SpaceState
from tests.conftest import Services
from workers.connections import Connections
from workers.preloading import _wanted


def _key(alignment: str) -> SpaceKey:
    return SpaceKey(encoders={modality: f"{modality}@1" for modality in Modality}, alignment=alignment, dim=4)


def test_the_active_space_and_the_newest_of_the_others_are_wanted(services: Services) -> None:
    connections = Connections.of(services.settings)
    with services.sessions.begin() as session:
        active = service.adopt(session, _key("a"))
        made = [spaces.find_or_create(session, _key(name)) for name in "bcd"]
        spaces.set_state(session, made[0], SpaceState.READY)
        spaces.set_state(session, made[2], SpaceState.RETIRED)
    assert [space.id for space in _wanted(connections)] == [active.id, made[1].id]
    connections.close()


def test_without_a_database_nothing_is(services: Services) -> None:
    away = replace(services.settings, database_url="postgresql://nobody@127.0.0.1:1/nothing")
    connections = Connections.of(away)
    assert _wanted(connections) == []
