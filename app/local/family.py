"""Child processes that end with this one, whatever ends it."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from app.settings import child_environ

TAIL_LINES = 3  # of its output, for errors

Sink = Callable[[str, str], None]  # a child's name and one line of what it printed


@dataclass(frozen=True, kw_only=True)
class RunAs:
    """The user that a child becomes; in a namespace only the child itself sees that name."""

    uid: int
    gid: int
    namespace: bool


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run: a name for the log, the command, what to add to the environment, and how to end it."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)  # what our own environment may say otherwise
    stop_signal: signal.Signals = signal.SIGTERM
    run_as: RunAs | None = None
    folder: Path | None = None  # its working folder; ours unless told


class Child:
    """One running program. What it prints goes to the sink, a line at a time."""

    def __init__(self, program: Program, process: subprocess.Popen[str], sink: Sink) -> None:
        self.program = program
        self.pid = process.pid
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._process = process
        self._sink = sink
        self._reader = threading.Thread(target=self._read, name=f"log-{program.name}", daemon=True)
        self._reader.start()

    @property
    def status(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll()

    @property
    def last_words(self) -> str:
        """The last lines that it printed, in one."""
        return " ".join(list(self.tail))

    def ask_to_stop(self) -> None:
        """Sends the signal that ends it in an orderly way."""
        if self.status is None:
            self._process.send_signal(self.program.stop_signal)

    def wait(self, seconds: float) -> int | None:
        """Waits for its end; kills its whole process group when the time is over."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        # What the leader left behind goes too.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(1)
        return self._process.returncode

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                text = line.rstrip()
                if text:
                    self.tail.append(text)
                self._sink(self.program.name, text)


class Family:
    """Starts children and makes sure that none of them outlives this process.

    Two things watch over them: the kernel's signal at the parent's end (Linux), and a guard process that kills what
    that signal left. The kernel means the *thread* that started the child, so start them from one that lives as long.
    """

    def __init__(self, folders: Sequence[Path] = (), sink: Sink | None = None) -> None:
        """Starts the guard, which removes the folders at the very end."""
        self._sink = sink or _ignore
        command = [sys.executable, "-P", "-m", "app.local.guard", *map(str, folders)]
        self._guard = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def start(self, program: Program) -> Child:
        """Starts the program in a process group of its own."""
        process = subprocess.Popen(  # noqa: S603  # commands are ours, no shell
            launcher(program),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            cwd=program.folder,
            env=child_environ(program.environ, program.defaults),
        )
        self._tell(f"+{process.pid} {int(program.stop_signal)}")
        return Child(program, process, self._sink)

    def run(self, program: Program) -> subprocess.CompletedProcess[str]:
        """Runs the program to its end; what it printed is in the answer, not in the sink."""
        return subprocess.run(  # noqa: S603  # as above
            launcher(program),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=program.folder,
            env=child_environ(program.environ, program.defaults),
            check=False,
        )

    def stop(self, child: Child, seconds: float) -> int | None:
        """Ends one child: by its signal, or by force after so many seconds."""
        child.ask_to_stop()
        return self.bury(child, seconds)

    def bury(self, child: Child, seconds: float = 0.1) -> int | None:
        """Waits for a child's end and forgets it."""
        status = child.wait(seconds)
        self._tell(f"-{child.pid}")
        return status

    def close(self) -> None:
        """Lets the guard end what is left and waits for it."""
        assert self._guard.stdin is not None
        with suppress(BrokenPipeError):
            self._guard.stdin.close()
        self._guard.wait()

    def _tell(self, line: str) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(line + "\n")
        self._guard.stdin.flush()


def launcher(program: Program) -> list[str]:
    """The command that becomes this program and ends with us."""
    command = [sys.executable, "-P", "-m", "app.local.child", "--parent", str(os.getpid())]
    command += ["--signal", str(int(program.stop_signal))]
    if program.run_as is not None:
        command += ["--uid", str(program.run_as.uid), "--gid", str(program.run_as.gid)]
        command += ["--namespace"] if program.run_as.namespace else []
    return [*command, "--", *program.command]


def _ignore(name: str, line: str) -> None:
    pass
