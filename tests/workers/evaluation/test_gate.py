from collections.abc import Sequence

import pytest

from app.types import Modality
from workers.evaluation.gate import verdict
from workers.evaluation.judged import JudgedQuery
from workers.evaluation.judging import Judgement


def _judgements(ranks: Sequence[int], against: str = "image") -> list[Judgement]:
    return [
        Judgement(
            query=JudgedQuery(
                id=str(number),
                modality=Modality.TEXT,
                text="",
                path=None,
                relevant=frozenset({str(number)}),
                split="val",
                kind="",
                lang="",
                leave_out=(),
                transcript="",
            ),
            by="text",
            against=against,
            index=100,
            ranks=(rank,),
            first="",
        )
        for number, rank in enumerate(ranks)
    ]


@pytest.mark.parametrize(
    ("new", "ready"),
    [
        pytest.param([1] * 40, True, id="better"),
        pytest.param([2] * 40, True, id="the same"),
        pytest.param([2] * 39 + [4], True, id="worse by what may be chance"),
        pytest.param([4] * 40, False, id="worse"),
        pytest.param([4] * 38 + [1] * 2, False, id="worse for most"),
    ],
)
def test_an_alignment_is_ready_unless_it_is_surely_worse(new: list[int], ready: bool) -> None:
    found = verdict(_judgements(new), _judgements([2] * 40))
    assert found.ready is ready
    assert found.queries == 40
    assert found.present == 0.5
    assert str(found).startswith("Ready: " if ready else "Not ready: ")


def test_queries_that_stand_or_fall_together_say_nothing_of_chance() -> None:
    new, present = (_judgements([rank]) for rank in (4, 2))
    found = verdict(new, present)
    assert (found.ready, found.interval) == (False, None)


def test_recordings_of_products_do_not_count() -> None:
    spoken = _judgements([9] * 5, against="speech")
    found = verdict(_judgements([1] * 5) + spoken, _judgements([1] * 5) + spoken)
    assert found.new == found.present == 1.0
