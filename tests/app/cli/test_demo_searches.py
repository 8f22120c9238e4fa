from rich.console import Console

from app.cli.demo_searches import Asked, summary
from app.sample.queries import HeldOut

TOOK = {"queue": 1.0, "encode": 20.0, "sql": 3.0, "rerank": 4.0, "total": 28.0}


def _asked(rank: int, *, kind: str = "english", wall: float = 30.0) -> Asked:
    query = HeldOut(kind=kind, label="a mallet", expected="hammer", also=("sledge",), text="a mallet")
    hits = (*(f"other-{n}" for n in range(rank - 1)), "sledge", "hammer")
    return Asked(query=query, hits=hits, titles=hits, took_ms=TOOK, wall_ms=wall)


def test_the_rank_is_that_of_the_first_right_product() -> None:
    assert [_asked(1).rank, _asked(7).rank] == [1, 7]
    assert (_asked(10).in_top, _asked(11).in_top) == (True, False)


def test_what_is_not_among_the_hits_has_no_rank() -> None:
    lost = Asked(query=_asked(1).query, hits=("saw",), titles=("Saw",), took_ms=TOOK, wall_ms=1.0)
    assert (lost.rank, lost.in_top) == (None, False)
    assert lost.document()["rank"] is None


def test_the_summary_has_a_row_a_kind_with_shares_and_times() -> None:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(summary([_asked(1, wall=10), _asked(20, wall=30), _asked(2, kind="voice", wall=50)]))
    rows = {words[0]: words[1:] for line in captured.get().splitlines() if (words := line.split())}
    assert rows["english"] == ["2", "50%", "50%", "20", "30", "1", "20", "3", "4"]
    assert rows["voice"][:4] == ["1", "0%", "100%", "50"]
