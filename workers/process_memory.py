"""What memory a worker has."""

from collections.abc import Iterator

import psutil
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class Memory(Collector):
    """The memory of the processes that live when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Resident bytes of the worker's process, and of all that it has started."""
        gauge = GaugeMetricFamily(
            "triseek_process_memory_bytes", "Resident, shared pages each time.", labels=["process"]
        )
        own = psutil.Process()
        gauge.add_metric(["main"], own.memory_info().rss)
        gauge.add_metric(["children"], sum(map(_resident, own.children(recursive=True))))
        yield gauge


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
