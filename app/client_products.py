"""The client's calls about products and catalogues."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from app.client_calls import Call, Page, catalogue_path, delete, get, pages, post, read_object
from app.client_documents import Content, Document, ImportOptions, Job, read, with_media
from app.client_methods import call, listing
from app.client_uploads import Progress, Upload
from app.types import EmbeddingState, Modality

_ALL_TOLD = ImportOptions()


class ProductCalls:
    """What a shop uploads."""

    @call
    def add_product(
        self,
        catalogue: str,
        product: Mapping[str, object],
        *,
        images: Sequence[Content] = (),
        speech: Sequence[Content] = (),
    ) -> Call[Document]:
        """Uploads a product, as a form if it has files, and replaces one of its SKU; returns `{"product", "job"}`."""
        files = [("image", _file(each, Modality.IMAGE)) for each in images]
        files += [("speech", _file(each, Modality.SPEECH)) for each in speech]
        path = catalogue_path(catalogue, "products")
        if not files:  # a form without files would not be sent as multipart
            return post(path, product)
        return replace(post(path), form={"product": json.dumps(product)}, files=files)

    @call
    def put_product(
        self,
        catalogue: str,
        product: Mapping[str, object],
        *,
        images: Sequence[Content] = (),
        speech: Sequence[Content] = (),
    ) -> Call[Document]:
        """Replaces or creates a product; returns `{"product", "job"}`."""
        document = with_media(product, images=images, speech=speech)
        path = catalogue_path(catalogue, "products", str(product["sku"]))
        return Call(method="PUT", path=path, document=document, read=read_object)

    @call
    def get_product(self, catalogue: str, sku: str) -> Call[Document]:
        """A product as it is stored."""
        return get(catalogue_path(catalogue, "products", sku))

    @call
    def delete_product(self, catalogue: str, sku: str) -> Call[None]:
        """Deletes a product."""
        return delete(catalogue_path(catalogue, "products", sku))

    @call
    def restore_product(self, catalogue: str, sku: str) -> Call[Job]:
        """Brings a deleted product back, where the server keeps them for some days."""
        return post(catalogue_path(catalogue, "products", sku, "restore")).then(Job.of)

    @listing
    def products(
        self, catalogue: str, *, where: str | None = None, state: EmbeddingState | None = None, page: int = 100
    ) -> Call[Page[Document]]:
        """Every product, or those in a state that the filter `where` lets through; fetched `page` at a time."""
        return pages(catalogue_path(catalogue, "products"), "products", filter=where, state=state, limit=page)

    @call
    def retry(self, catalogue: str) -> Call[Job]:
        """Has every product that could not be embedded tried again."""
        return post(catalogue_path(catalogue, "retries")).then(Job.of)

    @call
    def import_file(
        self,
        catalogue: str,
        file: Path | Iterable[bytes],
        options: ImportOptions = _ALL_TOLD,
        *,
        name: str | None = None,
        progress: Progress | None = None,
    ) -> Call[Job]:
        """Uploads a catalogue file, or its bytes as they are made; nothing is held in memory as a whole.

        `name` is an idempotency key: the same import sent twice under one name is done once. `progress` is told after
        each piece how many bytes were sent, and of how many if that is known.
        """
        headers = {"Content-Type": "application/octet-stream"} | ({"Idempotency-Key": name} if name else {})
        asked = post(catalogue_path(catalogue, "imports"), params=options.params())
        return replace(asked, content=Upload(file, progress), headers=headers).then(Job.of)

    @call
    def settings(self, catalogue: str) -> Call[Document]:
        """Which fields' words are searched in a catalogue, and which words mean the same."""
        return get(catalogue_path(catalogue, "settings"))

    @call
    def change_settings(
        self, catalogue: str, *, searchable: Sequence[str] | None, synonyms: Sequence[Sequence[str]]
    ) -> Call[Document]:
        """Replaces a catalogue's settings; with no searchable fields named, all texts of products are searched."""
        document = {"searchable": searchable, "synonyms": synonyms}
        return Call(method="PUT", path=catalogue_path(catalogue, "settings"), document=document, read=read_object)

    @call
    def stats(self, catalogue: str) -> Call[Document]:
        """How many products, media and vectors a catalogue has."""
        return get(catalogue_path(catalogue, "stats"))


def _file(content: Content, modality: Modality) -> tuple[str, bytes]:
    return (content.name if isinstance(content, Path) else str(modality), read(content))
