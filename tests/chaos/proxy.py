"""Stands between the workers and PostgreSQL, and can hold up whatever they say to each other."""

import contextlib
import select
import socket
import threading
from pathlib import Path

NAME = ".s.PGSQL.5432"
PIECE = 65_536


class Proxy:
    """Listens in a folder as PostgreSQL would, and passes everything on; a context that ends it.

    Args:
        folder: where it listens.
        target: the folder of PostgreSQL's own socket.
    """

    def __init__(self, folder: Path, target: Path) -> None:
        self._target = target / NAME
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / NAME))
        self._listener.listen(100)

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._flows.set()
        self._listener.close()

    def hold(self) -> None:
        """Nothing gets through from now on."""
        self._flows.clear()

    def release(self) -> None:
        """What was held up goes on its way."""
        self._flows.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the end of the listener
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(str(self._target))
                except OSError:  # the server is away
                    client.close()
                    server.close()
                    continue
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        """Both ways, until one side has ended."""
        other = {client: server, server: client}
        with contextlib.suppress(OSError), client, server:
            while True:
                for source in select.select([client, server], [], [])[0]:
                    self._flows.wait()
                    if not (piece := source.recv(PIECE)):
                        return
                    other[source].sendall(piece)
