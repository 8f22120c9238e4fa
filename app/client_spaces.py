"""The client's requests about embedding spaces, and what was done to them."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from app.client_documents import Document, Job
from app.client_requests import Requests
from app.spaces import packing
from app.types import Modality


class SpaceRequests(Requests):
    """What an administrator asks for."""

    def upload_alignment(self, folder: Path) -> str:
        """Uploads an alignment artifact's folder; returns what a reindex names it by.

        Raises:
            ArtifactInvalid: the folder is none.
        """
        with tempfile.TemporaryFile() as file:
            packing.pack(folder, file)
            file.seek(0)
            headers = {"Content-Type": "application/zip"}
            request = self._http.build_request("POST", "/v1/alignments", content=file, headers=headers)
            return str(self._object(request)["alignment"])

    def spaces(self) -> list[Document]:
        """All embedding spaces, oldest first."""
        return list(self._get("/v1/spaces", {})["spaces"])

    def reindex(
        self,
        *,
        alignment: str | None = None,
        encoders: str = "",
        dim: int | None = None,
        catalogue: str | None = None,
        only: Modality | None = None,
        dry_run: bool = False,
    ) -> Job:
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
        return Job.of(self._object(self._http.build_request("POST", "/v1/spaces", json=document)))

    def verify_space(self, space_id: int, *, catalogue: str | None = None, queries: Sequence[Document] = ()) -> Job:
        """Has a ready space compared with the one that answers searches.

        Args:
            space_id: of the space.
            catalogue: that judged searches are in.
            queries: `{"search": {"text": …}, "relevant": [sku, …], "kind": …}` each; without any, products are asked
                for by their own contents.
        """
        document = {"catalogue": catalogue, "queries": list(queries)}
        return Job.of(self._object(self._http.build_request("POST", f"/v1/spaces/{space_id}/verify", json=document)))

    def activate_space(self, space_id: int) -> Document:
        """Lets a ready space answer searches."""
        return self._object(self._http.build_request("POST", f"/v1/spaces/{space_id}/activate"))

    def roll_back(self, catalogue: str | None = None) -> Document:
        """Lets the space answer searches again that was active before; returns it."""
        params = {} if catalogue is None else {"catalogue": catalogue}
        return self._object(self._http.build_request("POST", "/v1/spaces/rollback", params=params))

    def retire_space(self, space_id: int) -> Document:
        """Lets go of a space that answers no searches."""
        return self._object(self._http.build_request("POST", f"/v1/spaces/{space_id}/retire"))

    def stats(self, catalogue: str) -> Document:
        """How many products, media and vectors a catalogue has."""
        return self._get(f"/v1/catalogues/{quote(catalogue, safe='')}/stats", {})

    def media(self, digest: str) -> bytes:
        """The bytes of a picture or recording of a product."""
        return self._send(self._http.build_request("GET", f"/v1/media/{digest}")).content

    def replay(self, job_id: str) -> Job:
        """Has a finished search ranked again, and compared with what it found."""
        return Job.of(self._object(self._http.build_request("POST", f"/v1/jobs/{quote(job_id, safe='')}/replay")))

    def audit(self, *, page: int = 50) -> Iterator[Document]:
        """What administrators did, newest first."""
        return self._pages("/v1/audit", "entries", {"limit": page})

    # What is to be forgotten

    def restore_product(self, catalogue: str, sku: str) -> Job:
        """Brings a deleted product back, where the server keeps them for some days."""
        path = f"/v1/catalogues/{quote(catalogue, safe='')}/products/{quote(sku, safe='')}/restore"
        return Job.of(self._object(self._http.build_request("POST", path)))

    def erase(self, *, catalogue: str | None = None, sku: str | None = None, everything: bool = False) -> Job:
        """Has a product, a catalogue, or everything but the keys erased wherever it is."""
        document = {"catalogue": catalogue, "sku": sku, "everything": everything}
        return Job.of(self._object(self._http.build_request("POST", "/v1/erasures", json=document)))

    def collect_media(self, *, dry_run: bool = False) -> Job:
        """Has stored bytes removed that nothing has needed for an hour."""
        params = {"dry_run": "true"} if dry_run else {}
        return Job.of(self._object(self._http.build_request("POST", "/v1/media/collections", params=params)))

    def vacuum(self, catalogue: str) -> Job:
        """Has room given back that a catalogue's rows no longer take."""
        path = f"/v1/catalogues/{quote(catalogue, safe='')}/vacuum"
        return Job.of(self._object(self._http.build_request("POST", path)))
