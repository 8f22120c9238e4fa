"""What processes of a worker count, through the files that they share."""

import subprocess
import sys
from pathlib import Path

from app.types import Modality
from tests.conftest import Services
from workers.metrics import metrics

# Two processes one after the other at the same place of the pool, the first of which is killed; one at another.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from billiard import get_context
from workers.metrics import forget_predecessor, metrics, share

def count(memory, dies):
    forget_predecessor()
    metrics().count_reads("outputs", hits=2, misses=1)
    metrics().gpu_bytes.labels("0").set(memory)
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)

share(Path(sys.argv[1]))
from workers.metrics_server import worker_registry
fork = get_context("fork")
for place, memory, dies in ((0, 700, True), (0, 100, False), (1, 200, True), (1, 0, False)):
    process = fork.Process(target=count, args=(memory, dies))
    process.index = place
    process.start()
    process.join()
from prometheus_client import generate_latest
print(generate_latest(worker_registry(Path(sys.argv[1]))).decode())
print(len(list(Path(sys.argv[1]).glob("*.db"))))
"""


def test_a_process_goes_on_from_the_figures_of_the_one_whose_place_it_has(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert 'triseek_cache_reads_total{cache="outputs",outcome="hit"} 8.0' in lines
    assert 'triseek_cache_reads_total{cache="outputs",outcome="miss"} 4.0' in lines
    assert 'triseek_gpu_memory_bytes{device="0"} 100.0' in lines
    assert lines[-1] == "6"  # three files a place, however often its process is replaced


def _value(name: str, **labels: str) -> float:
    return metrics().registry.get_sample_value(name, labels) or 0.0


def test_nothing_of_a_clients_becomes_a_label(services: Services) -> None:
    assert services.settings
    metrics().batch_contents.labels(Modality.TEXT).observe(3)
    labels = {name for family in metrics().registry.collect() for each in family.samples for name in each.labels}
    assert labels <= {"stage", "modality", "cache", "outcome", "task", "device", "le"}
    assert _value("triseek_encoder_batch_contents_count", modality="text") >= 1
