"""What is left when the process that started everything is killed: nothing."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg

from app.local.servers import Servers

HEAD = """
import sys, time
from pathlib import Path
from app.local.family import Family, Program
from app.local.servers import Servers

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
heard = []
servers = Servers(Path(sys.argv[1]))
servers.start()
family = Family(sink=lambda name, line: heard.append(line))
deaf = family.start(Program(name="deaf", command=[sys.executable, "-c", DEAF]))
while not heard:
    time.sleep(0.01)
print(servers.redis_url, flush=True)
time.sleep(600)
"""


def test_nothing_outlives_a_killed_head_and_its_data_can_be_used_again(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HEAD, tmp_path / "data"], stdout=subprocess.PIPE) as head:
        assert head.stdout is not None
        sockets = Path(head.stdout.readline().decode().strip().removeprefix("unix://")).parent
        children = psutil.Process(head.pid).children(recursive=True)
        names = " ".join(child.name() for child in children)
        assert "postgres" in names
        assert "valkey" in names
        head.send_signal(signal.SIGKILL)
    until = time.monotonic() + 6
    while (left := [child for child in children if alive(child)]) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left
    assert not sockets.exists()
    with Servers(tmp_path / "data") as servers, psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
