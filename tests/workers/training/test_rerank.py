"""The re-rank's head: taught by lists, and trusted only where dev is sure of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from app.types import Modality, Role
from workers.alignment.rerank_head import RerankHead
from workers.encodings import TextContent
from workers.evaluation.judged import JudgedQuery
from workers.rerank.sides import Side
from workers.training.ranked_lists import ListedPart, RankedList
from workers.training.rerank import RerankSettings, Sides, listwise_loss, train_rerank
from workers.training.rerank_choice import choose_weights, ndcg, nearness, rows

DIM = 8
SETTINGS = RerankSettings(steps=60, batch=8, candidates=5)


def _content(name: str) -> TextContent:
    return TextContent(name, Role.PASSAGE)


def _query(number: int, relevant: str) -> JudgedQuery:
    return JudgedQuery(
        id=f"q{number}",
        modality=Modality.TEXT,
        text=f"q{number}",
        path=None,
        relevant=frozenset({relevant}),
        split="train",
        kind="",
        lang="",
        leave_out=(),
        transcript="",
    )


def _lists(count: int, seed: int, *, telling: bool = True) -> tuple[list[RankedList], dict[object, Side]]:
    """Queries whose relevant candidate has one token like theirs, among tokens and wholes that say nothing.

    Without `telling` no candidate has it.
    """
    chance = np.random.default_rng(seed)

    def unit(*shape: int) -> np.ndarray:
        drawn = chance.standard_normal((*shape, DIM)).astype(np.float32)
        return np.asarray(drawn / np.linalg.norm(drawn, axis=-1, keepdims=True))

    sides: dict[object, Side] = {}
    lists = []
    for number in range(count):
        own = (Modality.TEXT, _content(f"{seed} query {number}"))
        wanted = unit(1)
        sides[own] = Side.of(Modality.TEXT, unit(), wanted)
        candidates = []
        for place in range(5):
            held = (Modality.IMAGE, _content(f"{seed} candidate {number} {place}"))
            tokens = unit(6)
            if place == number % 5 and telling:
                tokens[2] = wanted
            sides[held] = Side.of(Modality.IMAGE, unit(), tokens)
            candidates.append((held,))
        lists.append(
            RankedList(
                judged="set",
                query=_query(number, str(number % 5)),
                parts=(ListedPart(own, 1.0),),
                candidates=tuple(candidates),
                scores=np.zeros(5, np.float32),
                relevant=np.arange(5) == number % 5,
            )
        )
    return lists, sides


def _mean(lists: Sequence[RankedList], near: Sequence[np.ndarray]) -> float:
    return float(np.mean([ndcg(each, own, 1.0) for each, own in zip(lists, near, strict=True)]))


def test_training_lowers_the_loss_and_ranks_unseen_lists_better() -> None:
    lists, sides = _lists(80, seed=0)
    unseen, others = _lists(80, seed=1)
    torch.manual_seed(0)
    head = RerankHead(DIM)
    before, ranked_before = (
        listwise_loss(head, lists, sides, SETTINGS).item(),
        _mean(unseen, nearness(head, unseen, others)),
    )
    losses: list[float] = []
    train_rerank(head, lists, sides, SETTINGS, losses.append)
    assert len(losses) == SETTINGS.steps
    assert listwise_loss(head, lists, sides, SETTINGS).item() < 0.8 * before
    assert _mean(unseen, nearness(head, unseen, others)) > ranked_before
    assert not head.training


def test_the_same_seed_teaches_the_same() -> None:
    lists, sides = _lists(20, seed=0)
    heads = [RerankHead(DIM) for _ in range(2)]
    for head in heads:
        train_rerank(head, lists, sides, replace(SETTINGS, steps=5), lambda _: None)
    for one, other in zip(heads[0].parameters(), heads[1].parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_lists_of_fewer_candidates_count_no_copies() -> None:
    lists, sides = _lists(4, seed=0)
    short = [replace(each, candidates=each.candidates[:3], relevant=np.array([True, False, False])) for each in lists]
    five = listwise_loss(RerankHead(DIM), short, sides, SETTINGS).item()
    three = listwise_loss(RerankHead(DIM), short, sides, replace(SETTINGS, candidates=3)).item()
    assert five == pytest.approx(three, abs=1e-5)


def test_a_head_that_helps_gets_weight_and_one_that_does_not_gets_none() -> None:
    lists, sides = _lists(100, seed=0)
    noise, others = _lists(100, seed=2, telling=False)
    weights = choose_weights(lists, nearness(RerankHead(DIM), lists, sides))
    assert weights[Modality.TEXT] > 0
    assert weights[Modality.IMAGE] == weights[Modality.SPEECH] == 0
    right = [replace(each, scores=each.relevant.astype(np.float32)) for each in noise]
    assert set(choose_weights(right, nearness(RerankHead(DIM), right, others)).values()) == {0.0}


def test_the_table_says_what_it_brings_with_its_interval() -> None:
    lists, sides = _lists(50, seed=0)
    near = nearness(RerankHead(DIM), lists, sides)
    weights = {Modality.TEXT: 1.0}
    (row,) = rows(lists, (near, weights), (near, weights))
    (unweighed,) = rows(lists, (near, weights), (near, {}))
    assert unweighed.trained == row.cosine
    assert (row.judged, row.modality, row.n) == ("set", "text", 50)
    assert row.free == row.trained == pytest.approx(row.cosine + row.gain)
    assert row.interval is not None
    assert row.interval[0] < row.gain < row.interval[1]


def test_what_is_no_candidate_lowers_the_gain() -> None:
    (each,) = _lists(1, seed=0)[0]
    two = replace(each, query=replace(each.query, relevant=frozenset({"0", "elsewhere"})))
    near = each.relevant.astype(np.float32)
    assert ndcg(each, near, 1.0) == 1
    assert ndcg(two, near, 1.0) == pytest.approx(1 / (1 + 1 / np.log2(3)))


def test_sides_of_parts_are_weighed() -> None:
    (each,), sides = _lists(1, seed=0)
    doubled = replace(each, parts=(ListedPart(each.parts[0].held, 0.25), ListedPart(each.parts[0].held, 0.75)))
    known: Sides = sides  # type: ignore[assignment]
    for one, other in zip(
        nearness(RerankHead(DIM), [each], known), nearness(RerankHead(DIM), [doubled], known), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-6)
