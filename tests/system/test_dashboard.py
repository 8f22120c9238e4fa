"""The dashboard, the scrape configuration and the services that they speak of belong together."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from flask import Flask
from prometheus_client import CollectorRegistry

from app.db import recall, spaces
from app.http.app import create_app
from app.types import Modality, SpaceKey
from tests.conftest import Services
from workers.metrics import WorkerMetrics
from workers.process_memory import Memory

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "app/deploy"
NAME = re.compile(r"\btriseek_\w+")


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    made = create_app(services.settings)
    yield made
    made.extensions["triseek"].close()


def _names(registry: CollectorRegistry) -> set[str]:
    """Of all the samples that there can be."""
    found = set()
    for family in registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {family.name + suffix for suffix in suffixes}
    return found


def test_every_figure_of_the_dashboard_is_told(app: Flask, services: Services) -> None:
    with services.sessions.begin() as session:
        encoders = {modality: f"{modality}@1" for modality in Modality}
        space = spaces.find_or_create(session, SpaceKey(encoders=encoders, alignment="0" * 64, dim=4))
        session.flush()
        recall.add(session, space.id, 1.0)
    workers = WorkerMetrics().registry
    workers.register(Memory())
    told = _names(app.extensions["triseek-metrics"].registry) | _names(workers)
    shown = json.loads((DEPLOY / "grafana/dashboard.json").read_text())["panels"]
    asked = {name for panel in shown for target in panel["targets"] for name in NAME.findall(target["expr"])}
    assert asked <= told
    assert told - asked <= {name for name in told if name.endswith(("_sum", "_bucket", "_count"))}  # all are shown


def test_prometheus_asks_services_that_there_are_at_the_port_that_they_have() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    web, workers = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"]
    assert web["static_configs"] == [{"targets": ["web:8000"]}]
    (found,) = workers["dns_sd_configs"]
    running = {
        name: service for name, service in compose["services"].items() if "celery" in str(service.get("command"))
    }
    assert set(found["names"]) == set(running) - {"flower"}
    assert {running[name]["environment"]["TRISEEK_METRICS_PORT"] for name in found["names"]} == {
        f"${{TRISEEK_METRICS_PORT:-{found['port']}}}"
    }


def test_what_only_watches_is_in_a_profile_and_reads_files_that_there_are() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for name in ("prometheus", "grafana", "flower"):
        assert services[name]["profiles"] == ["observability"]
        files = [each.partition(":")[0] for each in services[name].get("volumes", []) if each.startswith(".")]
        assert all((ROOT / file).exists() for file in files)
        assert all(port.startswith("127.0.0.1:") for port in services[name]["ports"])
