import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from rich.console import Console
from rich.progress import Progress

from app.types import Modality
from tests.workers.alignments import untrained
from tests.workers.hearing import Heard
from tests.workers.pictures import noise
from tests.workers.sounds import tone
from workers.alignment.mixing import Mixing
from workers.encoders.registry import default_cards
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet, load_judged_set
from workers.evaluation.mixed_report import mixed_document, mixed_rows, mixed_table
from workers.evaluation.mixed_scores import MixedJudgement, _Encoded, _scores, judge_mixed
from workers.evaluation.scoring import Index, ModalityVectors
from workers.media import MediaLimits

TEXT, IMAGE, SPEECH = Modality
TYPED_AND_SHOWN = frozenset({TEXT, IMAGE})
EAST, NORTH, UP = np.eye(3, dtype=np.float32)
BETWEEN = ((EAST + NORTH) / 2**0.5).astype(np.float32)


@pytest.fixture
def encodings(tmp_path: Path) -> Encodings:
    limits = MediaLimits(max_pixels=10**6, max_seconds=10)
    return Encodings(tmp_path / "cache", default_cards(), limits, Progress(disable=True))


@pytest.fixture
def judged(tmp_path: Path) -> JudgedSet:
    """Two lamps and a knife, each with a picture; the lamps are asked for together, by a recording in German."""
    catalogue = [
        {"id": "lamp", "title": "lamp", "titles": {"de": "die Lampe"}, "images": ["0.png"]},
        {"id": "light", "title": "table lamp", "titles": {"fr": "la lampe"}, "images": ["1.png"]},
        {"id": "knife", "title": "kitchen knife", "images": ["2.png"]},
    ]
    for number in range(3):
        Image.fromarray(noise(40, 40, seed=number)).save(tmp_path / f"{number}.png")
    soundfile.write(tmp_path / "said.wav", tone(16_000), 16_000)
    queries = [{"id": "1", "modality": "speech", "audio": "said.wav", "relevant": ["lamp", "light"]}]
    for name, rows in (("catalogue", catalogue), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(json.dumps({"split": "val", **row}) for row in rows))
    return load_judged_set(tmp_path)


def test_the_three_ways_are_what_they_are_by_hand() -> None:
    shares = {TEXT: {TEXT: 3.0, IMAGE: 1.0}, IMAGE: {TEXT: 1.0, IMAGE: 1.0}, SPEECH: {TEXT: 1.0, IMAGE: 1.0}}
    alignment = untrained(dim=3, shares={query: {**row, SPEECH: 1.0} for query, row in shares.items()})
    stored = {
        TEXT: ModalityVectors(vectors=np.stack([EAST, NORTH]), owners=np.array([0, 1]), keys=["1", "2"]),
        IMAGE: ModalityVectors(vectors=np.stack([BETWEEN]), owners=np.array([0]), keys=["3"]),
    }
    index = Index(products=["a", "b"], modalities=stored)
    encoded = _Encoded(queries=[], keys=[("q", "r")], vectors={TEXT: EAST[None], IMAGE: NORTH[None]})
    weights = {TEXT: np.array([1.0], np.float32), IMAGE: np.array([0.5], np.float32)}
    found = {way: _scores(way, encoded, weights, index, alignment)[0] for way in Mixing}
    half = 2**-0.5
    # Text: 3/4 of 1 and 1/4 of half; picture: 1/2 of 0 and 1/2 of half, at half the weight. b: by its text alone.
    np.testing.assert_allclose(found[Mixing.SUM], [0.75 + 0.25 * half + 0.5 * 0.5 * half, 0.5], atol=1e-6)
    # The same by 3.5 to 1.5 of 5 for both parts.
    shared = [0.7 + 0.3 * half + 0.5 * 0.3 * half, 0.5]
    np.testing.assert_allclose(found[Mixing.SHARED], shared, atol=1e-6)
    # The mean lies along (1, 0.5); shares are (3 + 0.5) to (1 + 0.5) over 1.5, of all that both parts weigh, 1.5.
    length = (1 + 0.25) ** 0.5
    by_text, by_picture = 1 / length, 1.5 * half / length
    expected = [1.5 * (0.7 * by_text + 0.3 * by_picture), 1.5 * 0.5 / length]
    np.testing.assert_allclose(found[Mixing.MEAN], expected, atol=1e-6)
    np.testing.assert_allclose(found[Mixing.FUSION], found[Mixing.MEAN], atol=1e-6)  # untrained


def test_no_part_is_compared_with_what_any_part_is_made_of(judged: JudgedSet, encodings: Encodings) -> None:
    found = [each for each in judge_mixed(judged, "val", encodings, untrained()) if each.mixture == TYPED_AND_SHOWN]
    assert len(found) == 2
    for each in found:
        assert each.index == 3
        assert {len(ranks) for ranks in each.ranks.values()} == {2}
        assert all(set(ranks) <= {1, 2, 3} for ranks in each.ranks.values())


def _first(found: Sequence[MixedJudgement], way: Mixing) -> list[int]:
    return [each.ranks[way][0] for each in found if SPEECH in each.mixture]


def test_what_recordings_say_has_its_share(judged: JudgedSet, encodings: Encodings) -> None:
    alignment = untrained()
    for way in Mixing:
        right = judge_mixed(judged, "val", encodings, alignment.with_transcript_share(0.99), transcripts=Heard("lamp"))
        wrong = judge_mixed(
            judged, "val", encodings, alignment.with_transcript_share(0.99), transcripts=Heard("kitchen knife")
        )
        assert max(_first(right, way)) == 1
        assert min(_first(wrong, way)) >= 1
        assert sum(_first(wrong, way)) > sum(_first(right, way))
    nothing = judge_mixed(judged, "val", encodings, alignment, transcripts=Heard())
    assert [each.ranks for each in nothing] == [each.ranks for each in judge_mixed(judged, "val", encodings, alignment)]


def test_rows_have_each_way_beside_the_sum(judged: JudgedSet, encodings: Encodings) -> None:
    alignment = untrained(mixing={TYPED_AND_SHOWN: Mixing.FUSION})
    judgements = judge_mixed(judged, "val", encodings, alignment)
    best = [
        MixedJudgement(mixture=each.mixture, query=each.query, index=3, ranks={way: (rank, 3) for way, rank in ranks})
        for each in judgements
        for ranks in [((Mixing.SUM, 2), (Mixing.SHARED, 3), (Mixing.MEAN, 2), (Mixing.FUSION, 1))]
    ]
    rows = mixed_rows(best, alignment)
    assert [(row.query, row.way) for row in rows[: len(Mixing)]] == [("text+image", way) for way in Mixing]
    assert len(rows) == 4 * len(Mixing)
    by_sum, by_shared, by_mean, by_fusion = rows[: len(Mixing)]
    assert (by_sum.metrics["MRR"], by_fusion.metrics["MRR"], by_fusion.metrics["R@1"]) == (0.5, 1.0, 1.0)
    assert by_fusion.less_sum["MRR"].mean == 0.5
    assert by_mean.less_sum["MRR"].mean == by_sum.less_sum["MRR"].mean == 0
    assert by_mean.less_sum["MRR"].p == 1
    assert by_shared.less_sum["MRR"].mean == pytest.approx(1 / 3 - 1 / 2)
    assert [row.used for row in rows] == [
        row is by_fusion or (row.way is Mixing.SUM and row not in rows[: len(Mixing)]) for row in rows
    ]
    console = Console(width=120, record=True, file=StringIO())
    console.print(mixed_table("val: mixed queries", rows))
    assert "+0.500" in console.export_text()
    written = json.loads(json.dumps(mixed_document(rows)))
    assert written[3]["less_sum"]["MRR"]["mean"] == 0.5
    assert {"query", "against", "way", "used", "n", "index", "R@1", "R@10", "MRR", "intervals"} <= written[3].keys()
    assert (written[3]["way"], written[3]["against"], written[3]["used"], written[3]["n"]) == ("fusion", "all", True, 2)
