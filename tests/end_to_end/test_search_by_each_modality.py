"""The sample catalogue's own pictures and voices, through encoders, alignment, ranking and re-rank."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps
from sqlalchemy import select

from app.catalog.drafts import ProductDraft
from app.db import embeddings, tenants
from app.db.space_tables import Tokens
from app.media.thumbnails import thumbnail_path
from app.sample.catalogue import Thing, things
from app.sample.speech import synthesise
from app.search.fetching import fetch_query
from app.search.service import submit
from app.types import Modality, QueryPart, SearchQuery
from tests.app.web_site import HOST, answer, web_site
from tests.end_to_end.conftest import CATALOGUE, Shop
from workers.search import run_search
from workers.stored import read_contents

SKUS = ("banana", "guitar", "scissors", "hammer", "umbrella", "bicycle", "carrot", "trumpet")


def _things() -> dict[str, Thing]:
    return {thing.sku: thing for thing in things() if thing.sku in SKUS}


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    own = _things()
    assert len(own) == len(SKUS)
    shop.upload(
        *(
            ProductDraft(sku=sku, title=thing.title, description=thing.description, images=(picture,))
            for sku, thing in own.items()
            for picture in [shop.store(thing.picture())]
        )
    )
    return shop


def _text(text: str, weight: float = 1.0, name: str = "text") -> QueryPart:
    return QueryPart(name=name, modality=Modality.TEXT, text=text, weight=weight)


def test_an_english_sentence_finds_the_product(stocked: Shop) -> None:
    assert stocked.found(_text("something to cut paper with"))[0] == "scissors"


def test_a_chinese_sentence_finds_the_english_product(stocked: Shop) -> None:
    assert stocked.found(_text("我想买香蕉"))[0] == "banana"


def test_an_altered_picture_finds_the_product(stocked: Shop) -> None:
    picture = io.BytesIO()
    ImageOps.mirror(Image.open(io.BytesIO(_things()["guitar"].picture())).convert("RGB")).save(picture, "JPEG")
    part = QueryPart(name="image", modality=Modality.IMAGE, media=stocked.store(picture.getvalue()).digest)
    assert stocked.found(part)[0] == "guitar"


def test_a_picture_that_was_embedded_has_a_smaller_version(stocked: Shop) -> None:
    [row] = stocked.view("guitar").media
    data = stocked.connections.store.get_derived(thumbnail_path(row.digest or "", 160))
    assert data is not None
    assert Image.open(io.BytesIO(data)).width == 160


def test_a_picture_is_found_by_its_address(stocked: Shop) -> None:
    own = stocked.connections
    with web_site({"/a": answer(200, _things()["guitar"].picture())}) as (site, _):
        part = QueryPart(name="image", modality=Modality.IMAGE, url=f"{site}/a")
        with own.jobs.transaction() as session:
            tenant = tenants.find_or_create(session, "default")
            job_id = submit(session, tenant, CATALOGUE, SearchQuery(parts=(part,))).id
        fetch_query(own.jobs, own.store, replace(own.settings, fetch_hosts=frozenset({HOST})), job_id)
    run_search(own, stocked.held, job_id)
    result = stocked.job(job_id).result or {}
    assert result["hits"][0]["sku"] == "guitar"


def test_a_spoken_word_finds_the_product_and_is_written_down(stocked: Shop) -> None:
    spoken = synthesise("I need an umbrella", voice="en-us")
    job = stocked.search(QueryPart(name="speech", modality=Modality.SPEECH, media=stocked.store(spoken).digest))
    assert job.result is not None
    assert job.result["hits"][0]["sku"] == "umbrella"
    assert "umbrella" in job.result["transcript"].lower()
    brought = {each["modality"] for each in job.result["hits"][0]["contributions"]}
    assert brought == {"speech", "text"}


def test_text_picture_and_voice_together_find_the_product(stocked: Shop) -> None:
    picture = stocked.store(_things()["carrot"].picture()).digest
    spoken = stocked.store(synthesise("carrot", voice="en-gb")).digest
    parts = (
        _text("an orange vegetable"),
        QueryPart(name="image", modality=Modality.IMAGE, media=picture),
        QueryPart(name="speech", modality=Modality.SPEECH, media=spoken),
    )
    job = stocked.search(*parts)
    assert job.result is not None
    best = job.result["hits"][0]
    assert best["sku"] == "carrot"
    assert {name for each in best["contributions"] for name in each["query"].split("+")} == {"text", "image", "speech"}


def test_contributions_sum_to_the_cosine_of_every_hit(stocked: Shop) -> None:
    job = stocked.search(_text("bread"), _text("metal", weight=-0.5, name="query/1"))
    assert job.result is not None
    for hit in job.result["hits"]:
        assert sum(each["contribution"] for each in hit["contributions"]) == pytest.approx(hit["cosine"], abs=1e-4)


def test_a_product_finds_others_like_it_and_not_itself(stocked: Shop) -> None:
    found = stocked.found(QueryPart(name="query/0", modality=None, sku="trumpet"))
    assert "trumpet" not in found
    assert len(found) == len(SKUS) - 1


def test_without_the_rerank_hits_come_by_cosine_and_words(stocked: Shop) -> None:
    job = stocked.search(_text("hammer"), rerank=False)
    assert job.result is not None
    scores = [hit["score"] for hit in job.result["hits"]]
    assert scores == sorted(scores, reverse=True)
    weight = stocked.towers.embedder.words_weight
    sums = [hit["cosine"] + weight * hit["words"] for hit in job.result["hits"]]
    assert scores == pytest.approx(sums, abs=1e-5)


def test_the_answer_says_what_it_is_made_of(stocked: Shop) -> None:
    job = stocked.search(_text("hammer"), explain=True)
    assert job.result is not None
    assert job.result["total"] == len(SKUS)
    assert job.result["space"] == stocked.towers.space.id
    took = job.result["took_ms"]
    steps = ("queue", "encode", "sql", "rerank")
    assert took["total"] == pytest.approx(sum(took[step] for step in steps), abs=0.5)


def test_a_hit_explains_what_each_word_looked_at(stocked: Shop) -> None:
    job = stocked.search(_text("a hammer"), explain=True)
    assert job.result is not None
    best = job.result["hits"][0]
    assert best["sku"] == "hammer"
    assert [token["label"] for token in best["attention"]] == [None, "a", "hammer"]
    assert sum(token["weight"] for token in best["attention"]) == pytest.approx(1, abs=1e-4)
    word = best["attention"][2]
    assert {"against": "text", "label": "Hammer"} in [
        {name: seen[name] for name in ("against", "label")} for seen in word["sees"]
    ]
    (picture,) = word["pictures"]
    assert len(picture["weights"]) == 16
    assert 0 < sum(picture["weights"]) < 1
    assert all(hit["attention"] is None for hit in stocked.search(_text("a hammer")).result["hits"])  # type: ignore[index]


def test_products_keep_their_tokens_and_lose_them_with_their_vectors(stocked: Shop) -> None:
    with stocked.connections.sessions.begin() as session:
        rows = embeddings.tokens(session, stocked.towers.space, 1, list(range(1, 1000)))
        by_modality = {(row.product_id, row.modality): row for row in rows}
        assert len(by_modality) >= 2 * len(SKUS)
        for row in rows:
            (own,) = read_contents([row], stocked.towers.embedder.alignment)
            assert len(own.tokens.labels) == len(own.tokens.vectors) > 0
            np.testing.assert_allclose(np.linalg.norm(own.tokens.vectors, axis=1), 1, atol=2e-3)
        embeddings.replace(session, stocked.towers.space.id, 1, [rows[0].product_id], [])
        own_rows = (Tokens.catalogue_id == 1, Tokens.product_id == rows[0].product_id)
        left = session.scalars(select(Tokens.product_id).where(*own_rows)).all()
        assert left == []
