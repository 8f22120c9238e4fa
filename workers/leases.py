"""Leases are renewed while the work goes on."""

import time
from collections.abc import Callable

from sqlalchemy.orm import Session

from workers.connections import Connections

OFTEN = 6  # times in a lease


def renewing(connections: Connections, renew: Callable[[Session], object]) -> Callable[[], None]:
    """What is to be called after each step of the work: renews the lease now and then, in a transaction of its own."""
    renewed = time.monotonic()

    def step() -> None:
        nonlocal renewed
        if time.monotonic() - renewed > connections.settings.lease_seconds / OFTEN:
            with connections.jobs.transaction() as session:
                renew(session)
            renewed = time.monotonic()

    return step
