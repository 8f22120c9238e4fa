"""Whether this worker is to end: its processes learn it from the one that got the signal."""

import mmap

from celery.signals import worker_shutting_down

_flag = mmap.mmap(-1, 1)  # shared with the processes that are forked from this one


def is_stopping() -> bool:
    """Whether what takes long should be handed back soon."""
    return _flag[0] != 0


@worker_shutting_down.connect  # type: ignore[untyped-decorator]  # Celery's have no types
def _note(**_: object) -> None:
    _flag[0] = 1
