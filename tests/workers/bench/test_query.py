"""What searches are measured with."""

from app.sample.queries import HeldOut
from workers.bench.query import Queries

WORDS = [HeldOut(kind="english", label=word, expected=word, text=word) for word in ("lamp", "boat")]


def test_what_is_drawn_again_is_another_query_each_time() -> None:
    queries = Queries("text", WORDS)
    assert [queries.drawn().text for _ in range(3)] == ["lamp", "boat", "lamp"]
    asked = [queries.numbered(WORDS[0]).text, queries.numbered(WORDS[0]).text, next(queries).text]
    assert asked == ["lamp 1", "lamp 2", "boat 3"]


def test_only_what_is_of_its_kind_is_drawn() -> None:
    spoken = HeldOut(kind="voice", label="lamp", expected="lamp", speech=b"RIFF")
    queries = Queries("speech", [*WORDS, spoken])
    assert [(each.text, each.speech) for each in (next(queries), next(queries))] == [(None, b"RIFF1"), (None, b"RIFF2")]
