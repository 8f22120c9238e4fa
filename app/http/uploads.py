"""The files of a multipart request."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from werkzeug.datastructures import FileStorage, MultiDict

from app.errors import FieldError, RequestInvalid
from app.http.services import services
from app.http.uploaded_files import UploadedFiles, size_of

LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """Files by the names that `{"upload": name}` gives them, and those names by the form's parts."""

    files: UploadedFiles = field(default_factory=UploadedFiles)
    parts: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, files: MultiDict[str, FileStorage]) -> Self:
        """Reads all files of a form. An empty file input of a browser, no name and no bytes, is no file."""
        uploads = cls(files=UploadedFiles(services().settings.max_media_mb))
        for part, each in files.items(multi=True):
            if not each.filename and not size_of(each):
                continue
            name = _unique((each.filename or part)[:LONGEST_NAME], uploads.files)
            uploads.files.add(name, each)
            uploads.parts.setdefault(part, []).append(name)
        return uploads

    def take(self, part: str) -> bytes | None:
        """A part that may come as a file although it is none, as `curl -F product=@file.json` sends it."""
        names = self.parts.pop(part, [])
        return self.files.take(names[0]) if names else None

    def unnamed(self, part: str, named: set[str]) -> list[dict[str, str]]:
        """The files of a part that no `{"upload": name}` speaks of, as such."""
        return [{"upload": name} for name in self.parts.get(part, ()) if name not in named]

    def digest(self, form: MultiDict[str, str]) -> bytes:
        """SHA-256 of the form's content, whatever the boundary between its parts."""
        sha = hashlib.sha256()
        fields = [(part, "", value.encode("utf-8", "surrogatepass")) for part, value in form.items(multi=True)]
        found = [(part, name, hashlib.sha256(data).digest()) for part, name, data in fields]
        found += [(part, name, self.files.digest(name)) for part, names in self.parts.items() for name in names]
        for part, name, digest in found:
            sha.update(repr((part, name)).encode("utf-8", "surrogatepass") + digest)
        return sha.digest()


def check_parts(form: Mapping[str, Any], uploads: Uploads, *, fields: Iterable[str], named: set[str]) -> None:
    """Refuses parts of a form that mean nothing here.

    Raises:
        RequestInvalid: naming each.
    """
    files = {part for part, names in uploads.parts.items() if not named.issuperset(names)}
    wrong = [FieldError(f"/{part}", "must be a file, with a file name") for part in form if part in FILES]
    wrong += [FieldError(f"/{part}", "Unknown field.") for part in form if part not in {*fields, *FILES}]
    wrong += [FieldError(f"/{part}", "Unknown file part; send image or speech.") for part in sorted(files - FILES)]
    if wrong:
        raise RequestInvalid(f"{wrong[0].pointer}: {wrong[0].detail}", wrong)


FILES = frozenset({"image", "speech"})


def named_uploads(value: object) -> set[str]:
    """Every name that an `{"upload": name}` somewhere in a JSON value speaks of."""
    if isinstance(value, dict):
        own = {value["upload"]} if isinstance(value.get("upload"), str) else set()
        return own.union(*(named_uploads(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(named_uploads(each) for each in value))
    return set()


def _unique(name: str, taken: Mapping[str, object]) -> str:
    """The name, or the name with a number, as `photo.jpg (2)`, and nothing in it that a schema would refuse."""
    name = "".join(character if character.isprintable() else "_" for character in name)
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name} ({number})"
    return unique
