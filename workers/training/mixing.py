"""What dev decides of mixed queries: whether they are ranked part by part, or by one vector."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from workers.alignment.artifact import Alignment
from workers.alignment.mixing import MIXTURES, Mixing, Mixture
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet
from workers.evaluation.metrics import reciprocal_rank
from workers.evaluation.mixed_scores import MixedJudgement, judge_mixed
from workers.evaluation.scoring import Floats
from workers.training.selection import DEV, mean_of_sets, no_worse
from workers.transcripts import Transcripts


def choose_mixing(
    judged: Sequence[JudgedSet], encodings: Encodings, alignment: Alignment, transcripts: Transcripts
) -> dict[Mixture, Mixing]:
    """For each mixture that dev has queries of, the simplest way that dev cannot tell from the best one."""
    by_set = [judge_mixed(each, DEV, encodings, alignment, transcripts=transcripts) for each in judged]
    return {
        mixture: _simplest(own)
        for mixture in MIXTURES
        if (own := [of_mixture for found in by_set if (of_mixture := [j for j in found if j.mixture == mixture])])
    }


def _simplest(by_set: Sequence[Sequence[MixedJudgement]]) -> Mixing:
    ranks = {way: [_by_thing(found, way) for found in by_set] for way in Mixing}
    best = max(Mixing, key=lambda way: mean_of_sets(ranks[way]))
    return next(way for way in Mixing if no_worse(ranks[way], ranks[best]))


def _by_thing(found: Sequence[MixedJudgement], way: Mixing) -> Floats:
    """(things,) mean reciprocal ranks: queries for the same products stand or fall together."""
    things: dict[frozenset[str], list[float]] = defaultdict(list)
    for each in found:
        things[each.query.relevant].append(reciprocal_rank(each.ranks[way]))
    return np.array([np.mean(ranks) for ranks in things.values()], dtype=np.float32)
