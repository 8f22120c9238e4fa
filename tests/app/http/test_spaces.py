"""Embedding spaces."""

from app.db import spaces
from app.http.services import Services
from app.types import Modality, SpaceKey
from tests.app.http.conftest import Api, assert_problem


def test_a_ready_space_can_be_activated_and_the_one_before_stays_ready(api: Api, own: Services, space_id: int) -> None:
    with own.sessions.begin() as session:
        encoders = {modality: f"{modality}@2" for modality in Modality}
        other = spaces.find_or_create(session, SpaceKey(encoders=encoders, alignment="1" * 64, dim=4))
        building = other.id
    assert_problem(api.post(f"/v1/spaces/{building}/activate"), 409)
    with own.sessions.begin() as session:
        spaces.activate(session, spaces.find(session, building))
    assert api.post(f"/v1/spaces/{space_id}/activate").json["state"] == "active"
    states = {space["id"]: space["state"] for space in api.get("/v1/spaces").json["spaces"]}
    assert states == {space_id: "active", building: "ready"}
