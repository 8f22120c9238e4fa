"""Teaches the re-rank's head by whole lists: a query's relevant products against the cosine stage's other best ones.

Source: the softmax over a list as a loss, ListNet's top-one form: Cao et al., ICML 2007, "Learning to Rank: From
Pairwise Approach to Listwise Approach".
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from app.types import Modality
from workers.alignment.rerank_head import RerankHead
from workers.encodings import Content
from workers.rerank.sides import Side, padded
from workers.training.ranked_lists import Held, RankedList

Sides = Mapping[tuple[Modality, Content], Side]


@dataclass(frozen=True, kw_only=True)
class RerankSettings:
    """How the head is taught."""

    steps: int = 300
    batch: int = 16  # lists
    candidates: int = 40  # of a list: its best, so that those that are no answer are hard negatives
    learning_rate: float = 1e-2  # of what a few numbers say of kinds of tokens
    map_learning_rate: float = 3e-4
    stay: float = 0.1  # weight of the maps' squared distance from identity: with less they learn training by heart
    sharpness: float = 20.0  # of the softmax over a list
    seed: int = 0


def train_rerank(
    head: RerankHead,
    lists: Sequence[RankedList],
    sides: Sides,
    settings: RerankSettings,
    on_step: Callable[[float], None],
) -> None:
    """Teaches a head in place.

    Sets and kinds of queries are drawn by the square root of how many lists they have, so that no large one outweighs
    a small one. Scores of the cosine stage take no part: on the pairs that its heads learnt from they are too good.

    Args:
        head: that begins as it is.
        lists: of training's queries.
        sides: of all their contents.
        settings: how.
        on_step: gets the loss of each step.
    """
    groups: dict[tuple[str, Modality, str], list[RankedList]] = defaultdict(list)
    for each in lists:
        groups[each.judged, each.query.modality, each.query.kind].append(each)
    chance = random.Random(settings.seed)  # noqa: S311  not for secrets
    names = list(groups)
    weights = [len(groups[name]) ** 0.5 for name in names]
    maps = [head.query.weight, head.key.weight, head.wanted.weight, head.value.weight]
    few = [head.sharpness, head.pull, head.telling, head.usual]
    rates = [
        {"params": few, "lr": settings.learning_rate},
        {"params": maps, "lr": settings.map_learning_rate},
    ]
    optimizer = torch.optim.AdamW(rates, weight_decay=0.0)
    identity = torch.eye(len(maps[0]))
    head.train()
    for _ in range(settings.steps):
        drawn = [chance.choice(groups[name]) for name in chance.choices(names, weights, k=settings.batch)]
        loss = listwise_loss(head, drawn, sides, settings)
        stay = torch.stack([(each - identity).square().sum() for each in maps]).sum()
        optimizer.zero_grad()
        (loss + settings.stay * stay).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        on_step(loss.item())
    head.eval()


def listwise_loss(head: RerankHead, lists: Sequence[RankedList], sides: Sides, settings: RerankSettings) -> Tensor:
    """The mean over lists of minus the log of the share that relevant candidates have of the softmax; a number.

    Only the first part of each query looks: training's recordings have no transcript.
    """
    query = padded([sides[each.parts[0].held] for each in lists])
    candidates = [_candidates(each, sides, settings.candidates) for each in lists]
    longest = max(len(kinds[0]) for _, kinds, _ in candidates)
    found = head(
        *query, *(torch.stack(each) for each in zip(*(_wide(own, longest) for own in candidates), strict=True))
    )
    scores = settings.sharpness * found.nearness  # (lists, candidates)
    there = torch.stack([_first(torch.ones(len(each.relevant)), settings.candidates) for each in lists]) > 0
    relevant = torch.stack([_first(torch.from_numpy(each.relevant), settings.candidates) for each in lists]) > 0
    shares = scores.masked_fill(~there, -1e4).log_softmax(1)
    loss: Tensor = -shares.masked_fill(~(relevant & there), -1e4).logsumexp(1).mean()
    return loss


def candidate_side(contents: Sequence[Held], sides: Sides) -> Side:
    """What a candidate has, side by side."""
    return Side.joined([sides[each] for each in contents if each in sides])


def _candidates(each: RankedList, sides: Sides, most: int) -> tuple[Tensor, Tensor, Tensor]:
    """A list's first candidates, as `padded` gives them; with copies of the first behind, up to so many."""
    own = [candidate_side(contents, sides) for contents in each.candidates[:most]]
    return padded(own + own[:1] * (most - len(own)))


def _wide(tensors: tuple[Tensor, Tensor, Tensor], longest: int) -> tuple[Tensor, Tensor, Tensor]:
    vectors, kinds, mask = tensors
    behind = longest - kinds.shape[1]
    return (
        nn.functional.pad(vectors, (0, 0, 0, behind)),
        nn.functional.pad(kinds, (0, behind)),
        nn.functional.pad(mask, (0, behind)),
    )


def _first(values: Tensor, most: int) -> Tensor:
    """The first so many of (n,) values, as numbers; zeros behind."""
    return nn.functional.pad(values[:most].float(), (0, max(0, most - len(values))))
