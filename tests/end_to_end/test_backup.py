"""What was backed up answers the same where it is restored, and after an upgrade."""

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import fsspec
import psycopg
import pytest
from alembic import command
from psycopg import sql

from app.backup import service
from app.backup.dump import load
from app.catalog.drafts import ProductDraft
from app.db.migrate import migration_config, upgrade
from app.errors import BackupFailed
from app.settings import Settings
from app.types import Modality, QueryPart
from tests.conftest import Services
from tests.end_to_end.conftest import Shop
from tests.workers.pictures import encoded, halves
from workers.connections import Connections
from workers.embedder import Embedder
from workers.towers import HeldSpaces, Towers, adopt_settings

# What the release before embedding spaces made of six products, with what it answered.
RELEASE = Path(__file__).parent / "releases" / "before_spaces"
QUERIES = [QueryPart(name="text", modality=Modality.TEXT, text=text) for text in ("red lamp", "椅子", "p3")]


def _reported(_done: int, _total: int) -> None:
    """Nobody looks."""


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    image = shop.store(encoded(halves(), "PNG"))
    shop.upload(
        ProductDraft(sku="p0", title="Blue chair", images=(image,), attributes={"colour": "blue"}),
        *(ProductDraft(sku=f"p{number}", title=f"Red lamp {number}") for number in range(1, 5)),
    )
    return shop


@pytest.fixture
def empty(services: Services) -> Iterator[str]:
    """The URL of a database without tables."""
    name = f"restored_{uuid.uuid4().hex}"
    url = services.settings.database_url
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        head, _, options = url.partition("?")
        yield f"{head.rpartition('/')[0]}/{name}?{options}"
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _answers(shop: Shop) -> list[list[tuple[str, float, float]]]:
    image = shop.store(encoded(halves(), "PNG")).digest
    parts = [*QUERIES, QueryPart(name="image", modality=Modality.IMAGE, media=image)]
    found = [(shop.search(part).result or {})["hits"] for part in parts]
    return [[(hit["sku"], hit["cosine"], hit["score"]) for hit in hits] for hits in found]


def _shop_on(database_url: str, media_url: str, like: Shop) -> Shop:
    old: Settings = like.connections.settings
    settings = Settings(database_url=database_url, redis_url=old.redis_url, media_url=media_url, keep_outputs=False)
    connections = Connections.of(settings)
    embedder: Embedder = like.towers.embedder
    towers = Towers(embedder=embedder, space=adopt_settings(connections))
    held = HeldSpaces(connections, embedder.parts)
    held.hold(towers)
    return Shop(connections, towers, held)


def _backed_up(shop: Shop, target: str) -> service.Manifest:
    settings = shop.connections.settings
    return service.backup(settings.database_url, settings.media_url, target, _reported)


def test_a_restored_database_gives_the_same_answers(stocked: Shop, empty: str, tmp_path: Path) -> None:
    before = _answers(stocked)
    target = str(tmp_path / "backups")
    manifest = _backed_up(stocked, target)
    assert (manifest.products, manifest.vectors, manifest.media, manifest.missing) == (5, 7, 1, 0)
    assert service.restore(target, None, empty, str(tmp_path / "restored"), _reported) == manifest
    restored = _shop_on(empty, str(tmp_path / "restored"), stocked)
    try:
        assert _answers(restored) == before
        restored.upload(ProductDraft(sku="p5", title="Green cup"))  # and it goes on
        assert restored.found(QueryPart(name="text", modality=Modality.TEXT, text="green cup"))[0] == "p5"
    finally:
        restored.connections.close()


def test_backups_share_their_media_and_are_told_apart(stocked: Shop) -> None:
    target = f"memory://backups-{uuid.uuid4().hex}"
    first = _backed_up(stocked, target)
    files, root = fsspec.core.url_to_fs(target)
    (medium,) = files.glob(f"{root}/media/*/*")
    written = files.modified(medium)
    stocked.upload(ProductDraft(sku="p5", title="Green cup"))
    second = _backed_up(stocked, target)
    assert files.modified(medium) == written
    assert [each.products for each in service.listed(target)] == [5, 6]
    files.rm_file(f"{root}/{second.at}/manifest.json")  # one that did not end is none
    assert service.listed(target) == [first]


def test_nothing_is_restored_over_what_is_there(stocked: Shop, empty: str, tmp_path: Path) -> None:
    target = str(tmp_path / "backups")
    with pytest.raises(BackupFailed, match="has no backup"):
        service.restore(target, None, empty, str(tmp_path / "restored"), _reported)
    _backed_up(stocked, target)
    with pytest.raises(BackupFailed, match="has tables already"):
        service.restore(target, None, stocked.connections.settings.database_url, str(tmp_path / "r"), _reported)
    with pytest.raises(BackupFailed, match="has no backup 2020"):
        service.restore(target, "2020", empty, str(tmp_path / "restored"), _reported)


def test_the_database_of_the_release_before_is_migrated_and_answers_the_same(
    shop: Shop, empty: str, tmp_path: Path
) -> None:
    load(RELEASE / "database.dump", empty, jobs=1)
    with psycopg.connect(empty) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("0007",)
    upgrade(empty)
    shutil.copytree(RELEASE / "media", tmp_path / "old")
    migrated = _shop_on(empty, str(tmp_path / "old"), shop)
    try:
        assert migrated.towers.space.artifact is not None  # which no later release can take away
        before = json.loads((RELEASE / "answers.json").read_text(encoding="utf-8"))
        picture = migrated.store((RELEASE / "query.png").read_bytes()).digest
        parts = {
            asked: QueryPart(name="text", modality=Modality.TEXT, text=asked)
            if asked != "picture"
            else QueryPart(name="image", modality=Modality.IMAGE, media=picture)
            for asked in before
        }
        for asked, part in parts.items():
            hits = (migrated.search(part).result or {})["hits"]
            assert [hit["sku"] for hit in hits] == [sku for sku, _, _ in before[asked]]
            for hit, (_, cosine, score) in zip(hits, before[asked], strict=True):
                assert (hit["cosine"], hit["score"]) == (
                    pytest.approx(cosine, abs=2e-3),
                    pytest.approx(score, abs=5e-3),
                )
        migrated.upload(ProductDraft(sku="A7", title="Green cup"))  # and it goes on
        assert migrated.found(QueryPart(name="text", modality=Modality.TEXT, text="green cup"))[0] == "A7"
    finally:
        migrated.connections.close()


def test_tables_can_be_taken_back_to_those_of_the_release_before(stocked: Shop) -> None:
    url = stocked.connections.settings.database_url
    stocked.connections.close()
    command.downgrade(migration_config(url), "0007")
    with psycopg.connect(url) as database:
        columns = "SELECT count(*) FROM information_schema.columns WHERE column_name = 'artifact'"
        assert database.execute(columns).fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM embeddings").fetchone() == (7,)
