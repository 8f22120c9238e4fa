from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import soundfile
from rich.console import Console
from rich.progress import Progress

from app.types import Modality
from tests.workers.alignments import untrained
from tests.workers.hearing import Heard
from tests.workers.sounds import tone
from tests.workers.training.sets import judged_set
from workers.alignment.artifact import Alignment
from workers.encoders.registry import default_cards
from workers.encodings import Encodings
from workers.evaluation.comparison import compare
from workers.evaluation.judged import JudgedSet
from workers.evaluation.judging import ALL, BOTH, TRANSCRIPT, TYPED, judge
from workers.evaluation.matrix import MatrixRow, groups, means
from workers.evaluation.products import usual_index
from workers.evaluation.report import comparison_document, comparison_table, document, table
from workers.media import MediaLimits
from workers.training.selection import TRANSCRIPT_SHARES, choose_shares, choose_transcript_share, dev_score, even_shares
from workers.transcripts import Transcripts


@pytest.fixture(scope="module")
def encodings(tmp_path_factory: pytest.TempPathFactory) -> Encodings:
    folder, limits = tmp_path_factory.mktemp("cache"), MediaLimits(max_pixels=10**6, max_seconds=10)
    return Encodings(folder, default_cards(), limits, Progress(disable=True))


@pytest.fixture(scope="module")
def alignment() -> Alignment:
    """An untrained one: it keeps the encoders' own geometry."""
    return untrained(shares=even_shares())


def _row(found: list[MatrixRow], query: str, against: str, kind: str = "", lang: str = "") -> MatrixRow:
    (row,) = [row for row in found if (row.query, row.against, row.kind, row.lang) == (query, against, kind, lang)]
    return row


def test_the_matrix_has_a_row_for_each_way_kind_and_language(
    tmp_path: Path, encodings: Encodings, alignment: Alignment
) -> None:
    found = [means(group) for group in groups(judge(judged_set(tmp_path), "val", encodings, alignment))]
    asked = _row(found, "text", "text")
    assert (asked.n, asked.index) == (2, 2)  # products of other splits are no competitors
    assert asked.metrics["R@1"] == 1.0  # e5 knows that a lamp is a light, and 刀 a knife
    assert _row(found, "text", "text", kind="title").n == 1
    assert _row(found, "text", "text", lang="zh").n == 1
    assert {row.against for row in found if row.query == "image"} == {"text", "image", ALL}


def test_a_picture_never_finds_itself(tmp_path: Path, encodings: Encodings, alignment: Alignment) -> None:
    found = [means(group) for group in groups(judge(judged_set(tmp_path), "val", encodings, alignment))]
    row = _row(found, "image", "image")  # the lamp's own picture is the query: only the knife's is left
    assert row.metrics["R@1"] == 0.0
    assert row.metrics["MRR"] == 0.5


def test_a_query_that_leaves_out_the_title_is_not_answered_by_it(
    tmp_path: Path, encodings: Encodings, alignment: Alignment
) -> None:
    judged = judged_set(tmp_path)
    by_title = replace(judged.queries[2], leave_out=("title",), text="Obsidian kitchen knife")
    (found,) = [
        judgement
        for judgement in judge(replace(judged, queries=(by_title,)), "val", encodings, alignment)
        if judgement.against == Modality.TEXT
    ]
    assert found.ranks == (2,)  # the knife has no other text


def test_dev_is_scored_and_shares_are_chosen(tmp_path: Path, encodings: Encodings, alignment: Alignment) -> None:
    judged = [judged_set(tmp_path)]
    score = dev_score(judged, encodings, alignment.network, alignment.card)
    assert 0.5 <= score <= 1
    shares = choose_shares(judged, encodings, alignment.network, alignment.card)
    assert set(shares) == set(Modality)
    assert all(share > 0 for row in shares.values() for share in row.values())


def test_the_report_is_a_table_for_people_and_numbers_for_machines(
    tmp_path: Path, encodings: Encodings, alignment: Alignment
) -> None:
    found = [means(group) for group in groups(judge(judged_set(tmp_path), "val", encodings, alignment))]
    console = Console(width=120, record=True, file=StringIO())
    console.print(table("val", found))
    assert "1.000" in console.export_text()
    written = document("abc", "3", found)
    assert written["alignment"] == "abc"
    assert len(written["rows"]) == len(found)
    assert {"query", "against", "n", "index", "R@1", "R@5", "R@10", "MRR", "nDCG@10", "P@1", "P@10"} <= set(
        written["rows"][0]
    )


def test_an_alignment_compared_with_itself_differs_in_nothing(
    tmp_path: Path, encodings: Encodings, alignment: Alignment
) -> None:
    judgements = judge(judged_set(tmp_path), "val", encodings, alignment)
    for row in compare(judgements, judgements):
        for difference in row.differences.values():
            assert (difference.mean, difference.p) == (0, 1)


def test_a_comparison_shows_the_difference_its_interval_and_its_chance(
    tmp_path: Path, encodings: Encodings, alignment: Alignment
) -> None:
    judgements = judge(judged_set(tmp_path), "val", encodings, alignment)
    worse = [replace(each, ranks=tuple(rank + 1 for rank in each.ranks)) for each in judgements]
    compared = compare(judgements, worse)
    (row,) = [row for row in compared if (row.query, row.against, row.kind, row.lang) == ("text", "text", "", "")]
    assert row.n == 2
    assert row.differences["R@1"].mean == 1
    assert row.differences["MRR"].mean == pytest.approx(0.5)
    assert row.differences["MRR"].interval == pytest.approx((0.5, 0.5))
    assert row.differences["MRR"].p == pytest.approx(0.5, abs=0.02)  # two queries: two of four throws
    console = Console(width=80, record=True, file=StringIO())
    console.print(comparison_table("val", compared))
    assert "+0.500 +0.500" in console.export_text()
    written = comparison_document("abc", compared)
    assert [each["n"] for each in written["rows"]] == [each.n for each in compared]
    assert written["rows"][0]["differences"]["R@1"]["p"] > 0.05


def test_only_judgements_of_the_same_queries_are_compared(
    tmp_path: Path, encodings: Encodings, alignment: Alignment
) -> None:
    judgements = judge(judged_set(tmp_path), "val", encodings, alignment)
    with pytest.raises(ValueError, match="same queries"):
        compare(judgements, [replace(each, query=replace(each.query, id="other")) for each in judgements])


def test_the_map_shows_the_products_that_most_queries_are_ranked_over(
    tmp_path: Path, encodings: Encodings, alignment: Alignment
) -> None:
    assert set(usual_index(judged_set(tmp_path), "val", encodings, alignment).products) == {"knife", "lamp"}


@pytest.fixture
def spoken(tmp_path: Path) -> JudgedSet:
    """The set with one query: a recording for which the knife is relevant."""
    soundfile.write(tmp_path / "tone.wav", tone(16_000), 16_000)
    judged = judged_set(tmp_path)
    query = replace(judged.queries[2], modality=Modality.SPEECH, text="", path=tmp_path / "tone.wav")
    return replace(judged, queries=(query,))


@pytest.mark.parametrize(("readings", "rank"), [(["a lamp", "a kitchen knife"], 1), (["a lamp for a desk"], 2)])
def test_a_recording_is_compared_by_what_it_says_and_by_both(
    spoken: JudgedSet, encodings: Encodings, alignment: Alignment, readings: list[str], rank: int
) -> None:
    judgements = judge(spoken, "val", encodings, alignment, transcripts=Heard(*readings))
    assert {judgement.by for judgement in judgements} == {"speech", TRANSCRIPT, BOTH}  # what is said is not known
    (found,) = [each for each in judgements if (each.by, each.against) == (TRANSCRIPT, Modality.TEXT)]
    assert found.ranks == (rank,)


@pytest.mark.parametrize(("words", "rank"), [("a kitchen knife", 1), ("a lamp for a desk", 2)])
def test_the_words_of_a_recording_are_also_searched_as_typed(
    spoken: JudgedSet, encodings: Encodings, alignment: Alignment, words: str, rank: int
) -> None:
    (query,) = spoken.queries
    unknown = replace(query, id="unknown")
    told = replace(spoken, queries=(replace(query, transcript=words), unknown))
    judgements = judge(told, "val", encodings, alignment, transcripts=Heard())
    typed = [each for each in judgements if each.by == TYPED]
    assert {each.query.id for each in typed} == {query.id}
    assert {each.against: each.ranks for each in typed}[Modality.TEXT] == (rank,)


def test_the_share_that_ranks_devs_recordings_best_is_the_transcripts(
    spoken: JudgedSet, encodings: Encodings, alignment: Alignment
) -> None:
    right, wrong = Heard("a kitchen knife"), Heard("a lamp for a desk")

    def ranks(heard: Transcripts, share: float) -> list[tuple[int, ...]]:
        found = judge(spoken, "val", encodings, alignment.with_transcript_share(share), transcripts=heard)
        return [each.ranks for each in found if (each.by, each.against) == (BOTH, ALL)]

    for heard in (right, wrong):
        chosen = choose_transcript_share([spoken], encodings, alignment, heard)
        assert all(ranks(heard, chosen) <= ranks(heard, share) for share in TRANSCRIPT_SHARES)


def test_without_recordings_on_dev_transcript_and_vector_count_alike(
    tmp_path: Path, encodings: Encodings, alignment: Alignment
) -> None:
    assert choose_transcript_share([judged_set(tmp_path)], encodings, alignment, Heard("a lamp")) == 0.5


def test_where_nothing_is_understood_the_recordings_vector_decides(
    spoken: JudgedSet, encodings: Encodings, alignment: Alignment
) -> None:
    judgements = judge(spoken, "val", encodings, alignment, transcripts=Heard())
    ranks = {(each.by, each.against): each.ranks for each in judgements}
    for against in (Modality.TEXT, Modality.IMAGE, ALL):
        assert ranks[BOTH, against] == ranks["speech", against]
        assert ranks[TRANSCRIPT, against] == (2,)  # last of two
