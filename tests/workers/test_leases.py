"""A lease is renewed now and then, not after each step."""

from dataclasses import replace

import pytest

from tests.conftest import Services
from workers import leases
from workers.connections import Connections
from workers.leases import OFTEN, renewing


def test_a_lease_is_renewed_when_part_of_it_has_passed(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(leases.time, "monotonic", lambda: now[0])
    connections = Connections.of(replace(services.settings, lease_seconds=60))
    renewed: list[float] = []
    step = renewing(connections, lambda _: renewed.append(now[0]))
    for _ in range(26):
        now[0] += 1.0
        step()
    assert renewed == [60 / OFTEN + 1, 2 * (60 / OFTEN + 1)]
    connections.close()
