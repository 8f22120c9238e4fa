"""The client's calls about embedding spaces, what is to be forgotten, and what was done."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from app.client_calls import Call, Page, catalogue_path, get, pages, path_of, post
from app.client_documents import Document, Job
from app.client_methods import call, listing
from app.client_uploads import PIECE, Upload
from app.spaces import packing
from app.types import Modality


class SpaceCalls:
    """What an administrator asks for."""

    @call
    def upload_alignment(self, folder: Path) -> Call[str]:
        """Uploads an alignment artifact's folder; returns what a reindex names it by.

        Raises:
            ArtifactInvalid: the folder is none.
        """
        asked = replace(
            post("/v1/alignments"),
            content=Upload(lambda: _packed(folder)),
            headers={"Content-Type": "application/zip"},
        )
        return asked.then(lambda answer: str(answer["alignment"]))

    @call
    def spaces(self) -> Call[list[Document]]:
        """All embedding spaces, oldest first."""
        return get("/v1/spaces").then(lambda answer: list(answer["spaces"]))

    @call
    def reindex(
        self,
        *,
        alignment: str | None = None,
        encoders: str = "",
        dim: int | None = None,
        catalogue: str | None = None,
        only: Modality | None = None,
        dry_run: bool = False,
    ) -> Call[Job]:
        """Has a space built from the products that are there; with `dry_run`, only has it said what that takes.

        Args:
            alignment: as `upload_alignment` returned it; `default` for what the workers' settings name; that of the
                space that answers unless told.
            encoders: where encoders are that have no name: `text=/models/bert,image=org/name`.
            dim: numbers of a vector, if fewer than the alignment gives.
            catalogue: the one that the space is for; for all unless told.
            only: embeds anew what products have of this modality, where it is.
            dry_run: nothing is built.
        """
        document = {
            "alignment": alignment,
            "encoders": encoders,
            "dim": dim,
            "catalogue": catalogue,
            "only": only,
            "dry_run": dry_run,
        }
        return post("/v1/spaces", document).then(Job.of)

    @call
    def verify_space(
        self, space_id: int, *, catalogue: str | None = None, queries: Sequence[Document] = ()
    ) -> Call[Job]:
        """Has a ready space compared with the one that answers searches.

        Args:
            space_id: of the space.
            catalogue: that judged searches are in.
            queries: `{"search": {"text": …}, "relevant": [sku, …], "kind": …}` each; without any, products are asked
                for by their own contents.
        """
        document = {"catalogue": catalogue, "queries": list(queries)}
        return post(path_of("spaces", str(space_id), "verify"), document).then(Job.of)

    @call
    def activate_space(self, space_id: int) -> Call[Document]:
        """Lets a ready space answer searches."""
        return post(path_of("spaces", str(space_id), "activate"))

    @call
    def roll_back(self, catalogue: str | None = None) -> Call[Document]:
        """Lets the space answer searches again that was active before; returns it."""
        return post("/v1/spaces/rollback", params={} if catalogue is None else {"catalogue": catalogue})

    @call
    def retire_space(self, space_id: int) -> Call[Document]:
        """Lets go of a space that answers no searches."""
        return post(path_of("spaces", str(space_id), "retire"))

    @call
    def media(self, digest: str) -> Call[bytes]:
        """The bytes of a picture or recording of a product."""
        return Call(method="GET", path=path_of("media", digest), read=lambda answer: answer.content)

    @listing
    def audit(self, *, page: int = 50) -> Call[Page[Document]]:
        """What administrators did, newest first."""
        return pages("/v1/audit", "entries", limit=page)

    @call
    def erase(self, *, catalogue: str | None = None, sku: str | None = None, everything: bool = False) -> Call[Job]:
        """Has a product, a catalogue, or everything but the keys erased wherever it is."""
        return post("/v1/erasures", {"catalogue": catalogue, "sku": sku, "everything": everything}).then(Job.of)

    @call
    def collect_media(self, *, dry_run: bool = False) -> Call[Job]:
        """Has stored bytes removed that nothing has needed for an hour."""
        return post("/v1/media/collections", params={"dry_run": "true"} if dry_run else {}).then(Job.of)

    @call
    def vacuum(self, catalogue: str) -> Call[Job]:
        """Has room given back that a catalogue's rows no longer take."""
        return post(catalogue_path(catalogue, "vacuum")).then(Job.of)


def _packed(folder: Path) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        packing.pack(folder, file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece
