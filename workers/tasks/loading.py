"""Loads the encoders of a worker's processes before their first task."""

from celery.signals import task_postrun, worker_init, worker_process_init

from app.errors import TriseekError
from app.settings import Settings
from workers.alignment.artifact import DEFAULT, check_alignment
from workers.freed import Freed
from workers.gpu_memory import note_gpu_memory
from workers.towers import held_spaces

FREED = Freed()


@worker_init.connect
def check(**_: object) -> None:
    """Ends a worker whose alignment cannot be used, before it starts processes that would all fail to load it."""
    try:
        check_alignment(Settings.from_env().alignment or DEFAULT)
    except TriseekError as error:
        raise SystemExit(error.detail) from error


@task_postrun.connect
def give_back(**_: object) -> None:
    """Keeps a worker as small as its work."""
    FREED.now_and_then()
    note_gpu_memory()


@worker_process_init.connect
def load(**_: object) -> None:
    """Loads the encoders, and starts what decodes media."""
    held_spaces().parts.start_decoders()
    note_gpu_memory()
