"""Weight files inside installed packages: found without importing the package, and checked before they are used."""

import hashlib
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from app.errors import WeightsInvalid


@dataclass(frozen=True)
class WeightFile:
    """A weight file that a package carries, whole or in parts, and the SHA-256 that it must have."""

    parts: tuple[tuple[str, str], ...]  # (distribution, path inside it), in the order in which they are joined
    sha256: str  # of all parts joined, hex

    @property
    def revision(self) -> str:
        """The first 12 hex digits of the SHA-256."""
        return self.sha256[:12]

    @property
    def source(self) -> str:
        """The packages with their versions, `name==version`, joined by `+`."""
        return "+".join(dict.fromkeys(_requirement(name) for name, _ in self.parts))

    def verified(self) -> tuple[Path, ...]:
        """The paths of the parts.

        Raises:
            WeightsInvalid: a part is not installed, or the bytes are not the expected ones.
        """
        paths = tuple(_locate(name, inner) for name, inner in self.parts)
        digest = hashlib.sha256()
        for path in paths:
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        if digest.hexdigest() != self.sha256:
            raise WeightsInvalid(f"{paths[0].name} of {self.source} is damaged: SHA-256 {digest.hexdigest()[:12]}…")
        return paths

    def join(self, path: Path) -> tuple[Path, ...]:
        """Writes all parts into one file; the paths of the parts.

        Raises:
            WeightsInvalid: as `verified`.
        """
        parts = self.verified()
        with path.open("wb") as whole:
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, whole, 1 << 20)
        return parts


def _locate(name: str, inner: str) -> Path:
    try:
        path = Path(str(distribution(name).locate_file(inner)))
    except PackageNotFoundError as error:
        raise WeightsInvalid(f"The package {name}, which carries {Path(inner).name}, is not installed.") from error
    if not path.is_file():
        raise WeightsInvalid(f"The package {name} is installed without {inner}.")
    return path


def _requirement(name: str) -> str:
    try:
        return f"{name}=={distribution(name).version}"
    except PackageNotFoundError:
        return name
