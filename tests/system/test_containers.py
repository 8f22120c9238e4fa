"""Images and compose files: nobody is root, nothing writable that need not be, every setting passed."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.db.tenancy import DatabaseRole
from app.jobs.names import QUEUE_OF_TASK
from app.local.services import services as services_of_stack
from app.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILES = (ROOT / "app/Dockerfile", ROOT / "workers/Dockerfile")
COMPOSE = ROOT / "docker-compose.yml"
GPU = ROOT / "app/deploy/compose.gpu.yml"
STORE = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"}  # read by s3fs
TELEMETRY = {"OTEL_EXPORTER_OTLP_ENDPOINT"}  # read by OpenTelemetry
SERVERS = {"postgres", "valkey"}
WATCHERS = {"prometheus", "grafana", "flower"}  # in a profile of their own; they know no setting of ours
USERS = ("10001:10001", "postgres", "valkey", "65534:65534", "472:0", "1000:1000")
OWNERS = {"migrate", "upkeep"}  # who act as the role that owns the tables
PASSWORDS = {"TRISEEK_WEB_PASSWORD", "TRISEEK_WORKER_PASSWORD"}  # which the migration gives to the roles
VARIABLES = {
    each.name.upper() if each.name.endswith("_url") else f"TRISEEK_{each.name.upper()}" for each in fields(Settings)
}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_hadolint_finds_nothing_in_a_dockerfile(file: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--failure-threshold", "style", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_an_image_ends_as_a_numbered_user(file: Path) -> None:
    users = re.findall(r"^USER (.+)$", file.read_text(), re.MULTILINE)
    assert users == ["10001:10001"]


def test_every_image_is_pinned_to_a_release(services: dict[str, dict[str, Any]]) -> None:
    images = {each["image"] for each in services.values()}
    images |= set(re.findall(r"^ARG PYTHON_IMAGE=(.+)$", "".join(map(Path.read_text, DOCKERFILES)), re.MULTILINE))
    assert len(images) == 8
    assert [image for image in images if not re.fullmatch(r"[\w/-]+:v?\d+\.\d+[\w.-]*", image)] == []


def test_no_container_is_root_or_writes_beside_its_volumes(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"] in USERS, name
        assert "privileged" not in service, name


def test_servers_are_reached_by_ours_alone(services: dict[str, dict[str, Any]]) -> None:
    assert yaml.safe_load(COMPOSE.read_text())["networks"]["data"] == {"internal": True}
    for name in SERVERS:
        assert services[name]["networks"] == ["data"]
        assert "ports" not in services[name]
    assert services["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_every_setting_is_passed_and_no_other(services: dict[str, dict[str, Any]]) -> None:
    for name in set(services) - SERVERS - OWNERS - WATCHERS:
        passed = set(services[name]["environment"]) - STORE - TELEMETRY - {"OMP_NUM_THREADS"}
        assert passed == VARIABLES - {"DATABASE_ADMIN_URL"}, name
    for name in OWNERS:
        assert set(services[name]["environment"]) - STORE - TELEMETRY - PASSWORDS == VARIABLES


def test_each_logs_in_as_what_it_is(services: dict[str, dict[str, Any]]) -> None:
    logins = {
        name: re.findall(r"//(\w+):", each["environment"]["DATABASE_URL"])
        for name, each in services.items()
        if name not in SERVERS | WATCHERS
    }
    assert logins == {name: ["triseek_web" if name in ("web", "migrate") else "triseek_worker"] for name in logins}
    for name in OWNERS:
        assert "//triseek:" in services[name]["environment"]["DATABASE_ADMIN_URL"]
    assert [name for name, each in services.items() if set(each.get("environment", {})) >= PASSWORDS] == ["migrate"]


def test_there_is_no_default_password() -> None:
    passwords = re.findall(r"//\w+:\$\{\w+_PASSWORD([^}]*)\}", COMPOSE.read_text())
    assert len(passwords) == 3
    assert [each for each in passwords if not each.startswith(":?")] == []


def test_all_queues_have_a_worker(services: dict[str, dict[str, Any]]) -> None:
    commands = " ".join(str(each.get("command", "")) for each in services.values())
    served = {queue for each in re.findall(r"--queues (\S+)", commands) for queue in each.split(",")}
    assert served == {str(queue) for queue in QUEUE_OF_TASK.values()}


def test_the_image_serves_as_the_embedded_stack_does(tmp_path: Path) -> None:
    urls = {"DATABASE_URL": ""}
    [web] = [
        each for each in services_of_stack(urls, dict.fromkeys(DatabaseRole, ""), 8000, tmp_path) if each.name == "web"
    ]
    [command] = re.findall(r"^CMD (.+)$", DOCKERFILES[0].read_text(), re.MULTILINE)
    ours, embedded = json.loads(command), web.command
    for option in ("--worker-class", "--workers", "--threads", "--timeout", "--keep-alive"):
        assert ours[ours.index(option) + 1] == embedded[embedded.index(option) + 1], option


def test_the_gpu_file_changes_services_that_there_are(services: dict[str, dict[str, Any]]) -> None:
    changed = yaml.safe_load(GPU.read_text())["services"]
    assert set(changed) == {"query", "embed"}
    for name, service in changed.items():
        assert service["image"] != services[name]["image"]  # another torch
        [device] = service["deploy"]["resources"]["reservations"]["devices"]
        assert device["capabilities"] == ["gpu"]


def test_no_secret_goes_into_an_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", ".triseek"} <= set(ignored)


@pytest.mark.parametrize(("name", "unit"), [("nginx.conf", "m"), ("Caddyfile", "MiB")])
def test_proxies_let_through_what_triseek_does(name: str, unit: str) -> None:
    text = (GPU.parent / name).read_text()
    sizes = {int(size) for size in re.findall(rf"(?:max_body_size|max_size) (\d+){unit}", text)}
    defaults = {each.name: each.default for each in fields(Settings)}
    assert sizes == {defaults["max_upload_mb"], defaults["max_import_mb"]}
    assert "Strict-Transport-Security" in text
    assert "/metrics" in text
