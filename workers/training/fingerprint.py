"""What tells one training from another: a checkpoint is only gone on from by its own."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from workers.alignment.card import AlignmentCard
from workers.evaluation.judged import JudgedSet
from workers.output_cache import key_of
from workers.training.mixed_sets import MixedSet
from workers.training.pair_sets import PairSet
from workers.training.selection import DEV
from workers.training.settings import TrainingSettings


def fingerprint(
    judged: Sequence[JudgedSet], sets: Sequence[PairSet | MixedSet], blank: AlignmentCard, settings: TrainingSettings
) -> str:
    """SHA-256, hex, over the pairs and mixed queries, dev's queries, the encoders and the settings."""
    parts = [json.dumps([asdict(settings), dict(blank.encoders)], sort_keys=True)]
    for each in sets:
        for side in each.sides:
            parts += [each.name, *side.keys, str(side.rows.tolist())]
    for query in (query for each in judged for query in each.of_split(DEV)):
        parts += [query.id, query.text, str(query.path), *sorted(query.relevant)]
    return key_of(*parts)
