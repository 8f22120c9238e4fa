"""The manifests for Kubernetes: they keep to its schemas, and every pod to the restricted profile."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from app.jobs.names import QUEUE_OF_TASK
from tests.system.test_containers import STORE, VARIABLES

FOLDER = Path(__file__).parents[2] / "app/deploy/kubernetes"
BASE = FOLDER / "base"
VERSIONS = ("1.30", "1.37")
SECRETS = {"DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "AWS_SECRET_ACCESS_KEY"}


def _documents(text: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(text) if each]


def _all() -> list[dict[str, Any]]:
    files = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    return [document for file in files for document in _documents((BASE / file).read_text())]


def _pods() -> dict[str, dict[str, Any]]:
    kinds = ("Deployment", "Job")
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in _all() if each["kind"] in kinds}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_keeps_to_the_schemas(version: str) -> None:
    for document in _all():
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
@pytest.mark.parametrize("overlay", ["base", "gpu"])
def test_what_kustomize_makes_of_them_keeps_to_the_schemas(overlay: str) -> None:
    done = subprocess.run(["kubectl", "kustomize", FOLDER / overlay], capture_output=True, text=True, check=True)
    documents = _documents(done.stdout)
    for document in documents:
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)
        if document["kind"] in ("Deployment", "Job"):
            [container] = document["spec"]["template"]["spec"]["containers"]
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["envFrom"]
    assert ("nvidia.com/gpu" in done.stdout) == (overlay == "gpu")


def test_every_file_is_used() -> None:
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    used = {*kustomization["resources"], *(patch["path"] for patch in kustomization["patches"]), "kustomization.yaml"}
    assert {file.name for file in BASE.iterdir()} == used


def test_every_pod_is_restricted() -> None:
    [patch] = yaml.safe_load((BASE / "kustomization.yaml").read_text())["patches"]
    assert patch["target"] == {"kind": "Deployment|Job"}
    spec = yaml.safe_load((BASE / patch["path"]).read_text())["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    for pod in _pods().values():
        [own] = pod["containers"]
        assert own["name"] == container["name"]  # by which the patch finds it
        assert "securityContext" not in {**pod, **own}
        assert own["resources"]["requests"]
        assert own["resources"]["limits"]["memory"]


def test_all_queues_have_a_worker_and_the_clock_is_kept_once() -> None:
    commands = {name: pod["containers"][0].get("command", []) for name, pod in _pods().items()}
    served = {
        q for each in commands.values() if "--queues" in each for q in each[each.index("--queues") + 1].split(",")
    }
    assert served == {str(queue) for queue in QUEUE_OF_TASK.values()}
    assert [name for name, command in commands.items() if "--beat" in command] == ["upkeep"]
    [upkeep] = [each for each in _all() if each["metadata"]["name"] == "upkeep"]
    assert (upkeep["spec"]["replicas"], upkeep["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_settings_are_ours_and_secrets_are_not_among_them() -> None:
    [settings] = _documents((BASE / "settings.yaml").read_text())
    assert set(settings["data"]) - STORE - {"OMP_NUM_THREADS"} <= VARIABLES
    assert not SECRETS & set(settings["data"])
    assert "kind: Secret\n" not in "".join(file.read_text() for file in BASE.iterdir())


def test_nothing_is_reached_but_the_web_process() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in _all() if each["kind"] == "NetworkPolicy"}
    assert policies["nothing-comes-in"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    let_in = [name for name, spec in policies.items() if "ingress" in spec]
    assert let_in == ["web-is-reached"]


def test_images_are_those_that_compose_builds() -> None:
    compose = (FOLDER.parents[2] / "docker-compose.yml").read_text()
    built = set(re.findall(r"image: (triseek-\S+)", compose))
    assert {pod["containers"][0]["image"] for pod in _pods().values()} == built
