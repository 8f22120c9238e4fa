"""`python -m app.local.child`: becomes another program that ends with its parent, as another user if told.

It runs between fork and exec in a fresh interpreter, because changing credentials there is not safe in a process that
has threads. It needs nothing but the standard library.
"""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWUSER = 0x10000000  # linux/sched.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h
REFUSED = 125  # exit status: the credentials could not be changed


def main(arguments: Sequence[str] | None = None) -> None:
    """Changes the user, asks for a signal when the parent is gone, and becomes the program."""
    options = _parse(arguments)
    uid, gid = options.uid, options.gid
    try:
        if options.namespace:
            enter_namespace(uid, gid)
        elif uid is not None:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
    except OSError as error:
        sys.stderr.write(f"The user cannot be changed: {error}\n")
        sys.exit(REFUSED)
    if sys.platform == "linux":
        end_with_parent(options.parent, options.signal)
    os.execvp(options.program[0], options.program)  # noqa: S606  # becoming another program is what this file is for


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.local.child")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--signal", type=int, default=int(signal.SIGTERM))
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--namespace", action="store_true")
    parser.add_argument("program", nargs="+")
    return parser.parse_args(arguments)


def enter_namespace(uid: int, gid: int) -> None:
    """Enters a user namespace in which this user is called `uid`; its files stay its own outside.

    Raises:
        OSError: this system, or the container around us, allows no user namespaces.
    """
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def end_with_parent(parent: int, number: int) -> None:
    """Asks the kernel for a signal at the parent's end; ends now if that was before it was asked."""
    # A change of credentials takes this back, so it comes after every such change.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


if __name__ == "__main__":
    main()
