"""What dev decides once the heads are trained: how much everything counts, and what scores mean."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from workers.alignment.artifact import Alignment
from workers.alignment.card import AlignmentCard
from workers.alignment.mixing import name_of
from workers.encodings import Encodings
from workers.evaluation.judged import JudgedSet
from workers.training.calibration import calibrate
from workers.training.mixing import choose_mixing
from workers.training.selection import choose_shares, choose_transcript_share, choose_words_weight
from workers.transcripts import Transcripts


def weighed(
    judged: Sequence[JudgedSet], encodings: Encodings, alignment: Alignment, transcripts: Transcripts
) -> Alignment:
    """The same network with the shares, weights and ways of mixing that are best on dev, and its curves of relevance.

    Each is chosen with those before it: modalities' shares by vectors alone, then words, transcripts and mixtures.
    """
    plain = alignment.with_words_weight(0.0)
    shares = choose_shares(judged, encodings, plain.network, plain.card)
    found = Alignment(plain.network, replace(plain.card, shares=shares))
    found = found.with_words_weight(choose_words_weight(judged, encodings, found))
    found = found.with_transcript_share(choose_transcript_share(judged, encodings, found, transcripts))
    mixing = choose_mixing(judged, encodings, found, transcripts)
    curves = calibrate(judged, encodings, found, transcripts)
    return Alignment(found.network, replace(found.card, mixing=mixing, relevance=curves))


def told(card: AlignmentCard) -> Iterator[str]:
    """What was decided, in words."""
    yield f"Words weigh {card.words_weight:g} beside the cosine, transcripts {card.transcript_share:g} of a recording."
    for mixture, way in card.mixing.items():
        yield f"{name_of(mixture)} is ranked by {way}."
    for modality, curve in card.relevance.items():
        yield f"How likely hits of a query by {modality} are relevant is off by {curve.error:.3f} on average."
