"""Embedding spaces."""

import io
import zipfile
from pathlib import Path

import pytest

from app.db import spaces
from app.http.services import Services
from app.types import Modality, SpaceKey
from tests.app.http.conftest import Api, assert_problem

DEFAULT = Path("workers/alignment/default")


def _other(own: Services, alignment: str = "1") -> int:
    with own.sessions.begin() as session:
        encoders = {modality: f"{modality}@2" for modality in Modality}
        return spaces.find_or_create(session, SpaceKey(encoders=encoders, alignment=alignment * 64, dim=4)).id


def _make_ready(own: Services, space_id: int) -> None:
    with own.sessions.begin() as session:
        space = spaces.find(session, space_id)
        assert space is not None
        space.state = "ready"


def test_a_ready_space_can_be_activated_gone_back_from_and_retired(api: Api, own: Services, space_id: int) -> None:
    building = _other(own)
    assert_problem(api.post(f"/v1/spaces/{building}/activate"), 409)
    assert_problem(api.post("/v1/spaces/rollback"), 409)
    _make_ready(own, building)
    assert api.post(f"/v1/spaces/{building}/activate").json["state"] == "active"
    states = {space["id"]: space["state"] for space in api.get("/v1/spaces").json["spaces"]}
    assert (states[space_id], states[building]) == ("ready", "active")
    assert_problem(api.post(f"/v1/spaces/{building}/retire"), 409)
    assert api.post("/v1/spaces/rollback").json["id"] == space_id
    assert api.post(f"/v1/spaces/{building}/retire").json["state"] == "retired"
    assert_problem(api.post("/v1/spaces/rollback"), 409)
    done = [(entry["action"], entry["subject"]) for entry in api.get("/v1/audit?limit=3").json["entries"]]
    assert done == [
        ("space.retire", str(building)),
        ("space.rollback", str(space_id)),
        ("space.activate", str(building)),
    ]


def test_unknown_spaces_and_catalogues_are_refused(api: Api, space_id: int) -> None:
    for action in ("activate", "retire"):
        assert_problem(api.post(f"/v1/spaces/{space_id + 10**6}/{action}"), 404)
    assert_problem(api.post(f"/v1/spaces/{space_id + 10**6}/verify", json={}), 404)
    assert_problem(api.post("/v1/spaces/rollback?catalogue=nothing"), 404)
    assert_problem(api.post("/v1/spaces", json={"catalogue": "nothing"}), 404)


@pytest.mark.usefixtures("space_id")
def test_an_alignment_is_uploaded_and_named_by_its_digest(api: Api) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in ("card.json", "alignment.safetensors"):
            packed.write(DEFAULT / name, name)
    answer = api.post("/v1/alignments", data=file.getvalue(), content_type="application/zip")
    assert answer.status_code == 201
    digest = answer.json["alignment"]
    job = api.post("/v1/spaces", json={"alignment": digest, "dry_run": True})
    assert (job.status_code, job.json["job"]["kind"], job.json["job"]["dry_run"]) == (202, "reindex", True)
    first = api.post("/v1/spaces", json={"alignment": digest}).json["job"]["id"]
    assert api.post("/v1/spaces", json={"alignment": digest}).json["job"]["id"] == first
    refused = api.post("/v1/spaces", json={"alignment": digest, "dim": 100})
    assert_problem(refused, 409)
    assert first in refused.json["detail"]
    assert api.post(f"/v1/jobs/{first}/cancel").json["state"] == "cancelled"


@pytest.mark.usefixtures("space_id")
def test_what_is_no_alignment_is_refused(api: Api) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("card.json", "{}")
    for data, said in ((b"", "no ZIP"), (b"something", "no ZIP"), (file.getvalue(), "alignment.safetensors")):
        refused = api.post("/v1/alignments", data=data, content_type="application/zip")
        assert_problem(refused, 422)
        assert said in refused.json["detail"]
    assert_problem(api.post("/v1/spaces", json={"alignment": "0" * 64}), 422)
    assert_problem(api.post("/v1/spaces", json={"alignment": "x"}), 422)
    assert_problem(api.post("/v1/spaces", json={"dim": 5000}), 422)
    assert_problem(api.post("/v1/spaces", json={"only": "image", "dim": 5}), 422)
    assert_problem(api.post("/v1/spaces", json={"only": "smell"}), 422)


@pytest.mark.usefixtures("space_id")
def test_only_a_ready_space_is_compared(api: Api, own: Services) -> None:
    other = _other(own, "2")
    assert_problem(api.post(f"/v1/spaces/{other}/verify", json={}), 409)
    _make_ready(own, other)
    judged = {"search": {"text": "lamp"}, "relevant": ["a"]}
    assert_problem(api.post(f"/v1/spaces/{other}/verify", json={"queries": [judged]}), 422)
    assert_problem(api.post(f"/v1/spaces/{other}/verify", json={"queries": [{"search": {}, "relevant": []}]}), 422)
    fetched = {"search": {"image": {"url": "https://shop.example/a.png"}}, "relevant": ["a"]}
    assert "nothing fetched" in api.post(f"/v1/spaces/{other}/verify", json={"queries": [fetched]}).json["detail"]
    job = api.post(f"/v1/spaces/{other}/verify", json={})
    assert (job.status_code, job.json["job"]["kind"]) == (202, "verify")


@pytest.mark.usefixtures("space_id")
def test_what_is_said_where_nobody_reads_it_is_refused(api: Api) -> None:
    for said in ({"catalogue": "shop"}, [], "garbage"):
        assert_problem(api.post("/v1/spaces/rollback", json=said), 422)
