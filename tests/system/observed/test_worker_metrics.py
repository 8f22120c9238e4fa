"""What a worker tells Prometheus, through the ends of its processes."""

import httpx
import psutil

from tests.system.observed.conftest import Observed, wait_until

STARTED = 'triseek_tasks_started_total{task="imports.run"}'
SUCCEEDED = 'triseek_task_seconds_count{outcome="succeeded",task="imports.run"}'


def _pool(observed: Observed) -> list[psutil.Process]:
    """The processes that run tasks, of which there is one, and beat."""
    return psutil.Process(observed.worker.pid).children()


def test_tasks_are_counted_by_name_and_outcome(observed: Observed) -> None:
    before = observed.figure(STARTED), observed.figure(SUCCEEDED)
    observed.import_nothing("counted-1")
    wait_until(lambda: (observed.figure(STARTED), observed.figure(SUCCEEDED)) == (before[0] + 1, before[1] + 1))


def test_counts_go_on_where_a_process_of_the_pool_was_killed(observed: Observed) -> None:
    observed.import_nothing("counted-2")
    before = observed.figure(STARTED)
    assert before >= 1
    for process in _pool(observed):
        process.kill()
    assert observed.figure(STARTED) == before
    observed.import_nothing("counted-3")
    wait_until(lambda: observed.figure(STARTED) == before + 1)
    text = httpx.get(observed.metrics_url).text
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series))


def test_the_memory_told_is_that_of_processes_that_live(observed: Observed) -> None:
    told = observed.figure('triseek_process_memory_bytes{process="children"}')
    process = psutil.Process(observed.worker.pid)
    now = sum(each.memory_info().rss for each in process.children(recursive=True))
    assert 0.5 * now < told < 2 * now
    assert observed.figure('triseek_process_memory_bytes{process="main"}') > 10e6


def test_a_port_that_is_taken_ends_a_worker_with_a_word_about_it(observed: Observed) -> None:
    port = observed.metrics_url.partition("//")[2].partition("/")[0].partition(":")[2]
    ended = observed.run_worker({"TRISEEK_METRICS_PORT": port})
    assert ended.returncode != 0
    assert f"TRISEEK_METRICS_PORT={port} cannot be used" in ended.stderr


def test_without_the_extra_a_worker_that_is_to_trace_says_what_it_lacks(observed: Observed) -> None:
    ended = observed.run_worker({"TRISEEK_METRICS_PORT": "0"}, missing="opentelemetry.exporter")
    assert ended.returncode != 0
    assert "pip install 'triseek[telemetry]'" in ended.stderr
