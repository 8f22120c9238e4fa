"""How a server that refuses to run as root is run when we are root."""

import logging
import os
import pwd
import shutil
import stat
import subprocess
from enum import Enum
from hashlib import sha256
from pathlib import Path

from app.local.family import Program, RunAs, launcher

log = logging.getLogger(__name__)

STATE = Path("/var/lib/triseek")  # where `nobody` can go when it cannot reach the data folder


class RootWay(Enum):
    """A way for root to run a server that refuses root."""

    NAMESPACE = "namespace"  # root under another name, in a user namespace
    NOBODY = "nobody"  # the user nobody


def choose() -> RootWay | None:
    """The way that works here; None where we are an ordinary user."""
    if os.geteuid() != 0:
        return None
    return RootWay.NAMESPACE if namespaces_work() else RootWay.NOBODY


def namespaces_work() -> bool:
    """Tries a user namespace: many containers refuse it."""
    probe = launcher(Program(name="probe", command=["/bin/sh", "-c", ":"], run_as=run_as(RootWay.NAMESPACE)))
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0  # noqa: S603


def run_as(way: RootWay | None) -> RunAs | None:
    """The user to become. It has to be one that the system's user list names, or initdb refuses it."""
    if way is None:
        return None
    nobody = pwd.getpwnam("nobody")
    return RunAs(uid=nobody.pw_uid, gid=nobody.pw_gid, namespace=way is RootWay.NAMESPACE)


def place(folder: Path, way: RootWay | None) -> Path:
    """Where a server that runs in this way keeps its files: in the data folder, or where `nobody` can reach."""
    if way is not RootWay.NOBODY:
        return folder
    if reachable(folder.parent):
        folder.chmod(0o711)  # nobody has to pass through; what is inside stays closed
        return folder
    other = STATE / sha256(bytes(folder)).hexdigest()[:12]
    log.warning("The user nobody cannot reach %s; PostgreSQL keeps its files in %s", folder, other)
    other.mkdir(mode=0o755, parents=True, exist_ok=True)
    return other


def reachable(path: Path) -> bool:
    """Whether any user may pass through every folder up to this one."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents))


def give(path: Path, way: RootWay | None) -> None:
    """Gives the folder, with all that is in it, to the user that the server runs as, if another has it."""
    user = run_as(way)
    if user is None:
        return
    # In a namespace the files keep our own name.
    uid, gid = (os.geteuid(), os.getegid()) if user.namespace else (user.uid, user.gid)
    if path.stat().st_uid != uid:
        for found in (path, *path.rglob("*")):
            os.chown(found, uid, gid, follow_symlinks=False)


def reachable_copy(package: Path, libraries: Path, target: Path) -> Path:
    """A copy of the package's folder, with its libraries beside it, in `target`; made anew when the release differs."""
    copy = target / package.name
    if not copy.exists():
        shutil.rmtree(target, ignore_errors=True)
        draft = target.with_name(target.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(package, draft / package.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.chmod(0o755)
        draft.rename(target)
    return copy
