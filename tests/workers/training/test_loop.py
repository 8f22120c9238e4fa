from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from app.types import Modality
from workers.alignment.network import AlignmentNetwork
from workers.alignment.text_head import TextHead
from workers.training.batches import batch_of, draw, set_weights
from workers.training.loop import train
from workers.training.mixed_sets import MixedSet
from workers.training.pair_sets import PairSet
from workers.training.settings import DEFAULT_LOSSES, TrainingSettings
from workers.training.side import Side
from workers.training.things import incidence

THINGS, HIDDEN_TRAITS = 64, 6
INPUTS = {Modality.TEXT: 10, Modality.IMAGE: 12, Modality.SPEECH: 24}
SEGMENTS = {Modality.SPEECH: 3}
HIDDEN = {Modality.TEXT: 16, Modality.IMAGE: 16}
KNOWN = {Modality.TEXT: 64, Modality.IMAGE: 64}
SETTINGS = TrainingSettings(
    steps=60,
    speech_steps=60,
    fusion_steps=5,
    sets_per_step=2,
    batch=32,
    speech_batch=16,
    hidden=HIDDEN,
    known=KNOWN,
    dim=32,
    check_every=20,
)


def _outputs(modality: Modality) -> Tensor:
    """What an encoder makes of things whose traits each modality shows in its own way: (things, inputs)."""
    traits = torch.randn(THINGS, HIDDEN_TRAITS, generator=torch.Generator().manual_seed(1))
    way = torch.randn(HIDDEN_TRAITS, INPUTS[modality], generator=torch.Generator().manual_seed(INPUTS[modality]))
    return (traits @ way).half()


def _side(modality: Modality, outputs: Tensor) -> Side:
    """One content a thing, each thing only itself."""
    count = len(outputs)
    numbers = {f"{number}": number for number in range(count)}
    things = incidence([{f"{number}"} for number in range(count)], numbers)
    views = torch.ones(count, dtype=torch.int64)
    return Side(modality=modality, outputs=outputs, rows=torch.arange(count), things=things, views=views)


def _pairs(left: Modality, right: Modality) -> PairSet:
    sides = [_side(modality, _outputs(modality)) for modality in (left, right)]
    return PairSet(name=f"{left}-{right}", left=sides[0], right=sides[1])


SETS = [
    _pairs(Modality.IMAGE, Modality.TEXT),
    _pairs(Modality.SPEECH, Modality.TEXT),
    _pairs(Modality.SPEECH, Modality.IMAGE),
]


def _mixed(*parts: Modality) -> MixedSet:
    sides = {modality: _side(modality, _outputs(modality)) for modality in parts}
    return MixedSet(name="mixed", parts=sides, answer=sides[parts[0]])


MIXED = [_mixed(Modality.TEXT, Modality.IMAGE), _mixed(*Modality)]


def _found(network: AlignmentNetwork, query: Modality, against: Modality) -> float:
    """The share of things that are nearest to themselves in another modality."""
    with torch.inference_mode():
        left, right = (network.project(modality, _outputs(modality).float()) for modality in (query, against))
    return float(((left @ right.T).argmax(1) == torch.arange(THINGS)).float().mean())


def _train(settings: TrainingSettings, dev: Callable[[AlignmentNetwork], float] = lambda _: 0.0) -> AlignmentNetwork:
    network, _ = train(SETS, INPUTS, SEGMENTS, settings, mixed=MIXED, dev=dev, on_step=lambda _stage, _loss: None)
    return network


def test_training_brings_every_modality_to_every_other() -> None:
    untrained = AlignmentNetwork(INPUTS, SEGMENTS, HIDDEN, KNOWN, 32).eval()
    network = _train(replace(SETTINGS, steps=300, speech_steps=300, learning_rate=5e-3, dropout=0.0))
    for query, against in ((Modality.TEXT, Modality.IMAGE), (Modality.SPEECH, Modality.TEXT)):
        assert _found(untrained, query, against) < 0.2
        assert _found(network, query, against) > 0.8


def test_what_comes_after_a_training_is_multiplied_with_all_digits() -> None:
    seen = []

    def dev(_: AlignmentNetwork) -> float:
        seen.append(torch.get_float32_matmul_precision())
        return 0.0

    _train(SETTINGS, dev)
    assert set(seen) == {"medium"}
    assert torch.get_float32_matmul_precision() == "highest"


def test_the_same_seed_trains_the_same_network() -> None:
    first, second = _train(SETTINGS), _train(SETTINGS)
    other = _train(replace(SETTINGS, seed=1))
    weights = [network.head(Modality.TEXT).state_dict()["learned.second.weight"] for network in (first, second, other)]
    torch.testing.assert_close(weights[0], weights[1])
    assert not torch.allclose(weights[0], weights[2], atol=1e-4)


def test_each_stage_is_kept_as_it_was_when_dev_was_best() -> None:
    seen: list[tuple[Tensor, Tensor]] = []
    scores = iter((0.1, 0.9, 0.5, 0.7, 0.6, 0.8))

    def dev(network: AlignmentNetwork) -> float:
        image, speech = network.head(Modality.IMAGE).state_dict(), network.head(Modality.SPEECH).state_dict()
        seen.append((image["second.weight"].clone(), speech["out.weight"].clone()))
        return next(scores)

    network, checkpoints = train(SETS, INPUTS, SEGMENTS, SETTINGS, dev=dev, on_step=lambda _stage, _loss: None)
    assert [(each.stage, each.step) for each in checkpoints] == [
        (stage, step) for stage in ("heads", "speech") for step in (20, 40, 60)
    ]
    image, speech = (network.head(modality).state_dict() for modality in (Modality.IMAGE, Modality.SPEECH))
    assert torch.equal(image["second.weight"], seen[1][0])  # the best of the first stage
    assert torch.equal(seen[3][0], seen[1][0])  # from which the second went on, and which it left alone
    assert torch.equal(speech["out.weight"], seen[5][1])  # the best of the second
    assert not torch.equal(seen[4][1], seen[5][1])


def test_a_batch_of_recordings_is_of_about_one_length() -> None:
    count = 600
    outputs = torch.zeros(count, 100)
    for row in range(count):
        outputs[row, : 1 + row % 100] = 1
    spoken = _side(Modality.SPEECH, outputs.half())
    pairs = PairSet(name="", left=spoken, right=spoken)
    for seed in range(5):
        batch = batch_of(pairs, SETTINGS, torch.Generator().manual_seed(seed))
        lengths = spoken.lengths[batch]
        assert len(batch) == len(set(batch.tolist())) == SETTINGS.speech_batch
        assert int(lengths.max() - lengths.min()) <= 8  # 48 neighbours of 600, of which 6 are of each length


def test_each_step_says_its_loss_and_the_loss_falls() -> None:
    losses: list[float] = []

    def on_step(_stage: str, loss: float) -> None:
        losses.append(loss)

    train(SETS, INPUTS, SEGMENTS, SETTINGS, mixed=MIXED, dev=lambda _: 0.0, on_step=on_step)
    assert len(losses) == SETTINGS.steps + SETTINGS.speech_steps + SETTINGS.fusion_steps
    assert sum(losses[50:60]) < sum(losses[:10])
    assert sum(losses[110:120]) < sum(losses[60:70])


def test_fusions_are_trained_after_the_heads_which_they_do_not_move() -> None:
    after, before = (_train(replace(SETTINGS, fusion_steps=steps)).state_dict() for steps in (5, 0))
    moved = {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"fusions"}


def test_pairs_leave_what_texts_mean_as_their_encoder_has_it() -> None:
    network = _train(replace(SETTINGS, learning_rate=5e-3))
    texts, outputs = network.head(Modality.TEXT), _outputs(Modality.TEXT).float()
    assert isinstance(texts, TextHead)
    centred = torch.nn.functional.normalize(outputs - outputs.mean(0), dim=1)
    with torch.inference_mode():
        meaning = texts.features(outputs)
        taught = texts.learned(meaning)
    torch.testing.assert_close(meaning @ meaning.T, centred @ centred.T, atol=1e-3, rtol=0)
    assert taught.norm(dim=1).min() > 0.1


def test_without_mixed_queries_fusions_stay_the_means_that_they_begin_as() -> None:
    network, _ = train(SETS, INPUTS, SEGMENTS, SETTINGS, dev=lambda _: 0.0, on_step=lambda _stage, _loss: None)
    assert all(not own.any() for name, own in network.fusions.named_parameters() if "second" in name)


def _foreign() -> Tensor:
    """The things in another language, which the encoder has elsewhere: (things, inputs)."""
    return (_outputs(Modality.TEXT).float().roll(3, dims=1) * 1.5 + 1).half()


@pytest.mark.parametrize("hold", [0.0, 20.0])
def test_other_languages_are_brought_to_texts_that_stay_where_they_are(hold: float) -> None:
    places = torch.arange(THINGS)
    foreign, own = (_side(Modality.TEXT, outputs) for outputs in (_foreign(), _outputs(Modality.TEXT)))
    translated = PairSet(name="text-text", left=foreign, right=own)

    def trained(language_steps: int) -> tuple[Tensor, Tensor]:
        settings = replace(SETTINGS, steps=0, speech_steps=0, fusion_steps=0, hold=hold, language_steps=language_steps)
        settings = replace(settings, hidden={Modality.TEXT: 64, Modality.IMAGE: 8}, language_learning_rate=5e-3)
        network, checkpoints = train(
            [*SETS, translated], INPUTS, SEGMENTS, settings, dev=lambda _: 0.0, on_step=lambda _stage, _loss: None
        )
        assert not checkpoints
        with torch.inference_mode():
            found = [network.project(Modality.TEXT, side.outputs.float()) for side in (foreign, own)]
        return found[0], found[1]

    before, after = trained(0), trained(400)
    found = [float(((left @ before[1].T).argmax(1) == places).float().mean()) for left in (before[0], after[0])]
    moved = float(1 - (before[1] * after[1]).sum(1).mean())
    assert found[0] < 0.3 < 0.8 < found[1]
    assert moved < 0.05 if hold else moved > 0.1


def test_what_pairs_teach_of_a_text_holds_in_a_language_that_they_do_not_show() -> None:
    foreign, own = (_side(Modality.TEXT, outputs) for outputs in (_foreign(), _outputs(Modality.TEXT)))
    translated = PairSet(name="text-text", left=foreign, right=own)
    settings = replace(SETTINGS, speech_steps=0, fusion_steps=0, language_steps=400, language_learning_rate=5e-3)
    settings = replace(settings, learning_rate=5e-3, hidden={Modality.TEXT: 64, Modality.IMAGE: 16})
    network, _ = train(
        [*SETS, translated], INPUTS, SEGMENTS, settings, dev=lambda _: 0.0, on_step=lambda _stage, _loss: None
    )
    texts = network.head(Modality.TEXT)
    assert isinstance(texts, TextHead)
    with torch.inference_mode():
        steps = [texts.learned(texts.features(side.outputs.float())) for side in (foreign, own)]
        untranslated = texts.learned(texts.untaught(foreign.outputs.float()))
    assert steps[1].norm(dim=1).min() > 0.1
    alike, before = (functional.cosine_similarity(own, steps[1]).mean() for own in (steps[0], untranslated))
    assert alike > 0.8 > before


def _of_size(left: Modality, right: Modality, pairs: int) -> PairSet:
    sides = [_side(modality, torch.zeros(pairs, 2)) for modality in (left, right)]
    return PairSet(name="", left=sides[0], right=sides[1])


SIZED = [
    _of_size(Modality.TEXT, Modality.IMAGE, 16),
    _of_size(Modality.IMAGE, Modality.TEXT, 64),
    _of_size(Modality.TEXT, Modality.TEXT, 400),
]


def test_a_set_is_drawn_by_the_root_of_its_size() -> None:
    assert set_weights(SIZED, balanced=False) == [4, 8, 20]


def test_a_set_that_weighs_more_is_drawn_more_often() -> None:
    heavier = [replace(SIZED[0], weight=3.0), *SIZED[1:]]
    assert set_weights(heavier, balanced=False) == [12, 8, 20]


def test_balanced_each_pair_of_modalities_is_drawn_as_often_as_any_other() -> None:
    assert set_weights(SIZED, balanced=True) == pytest.approx([4 / 12, 8 / 12, 1])


@pytest.mark.parametrize(("balanced", "shares"), [(False, [1 / 8, 1 / 4, 5 / 8]), (True, [1 / 6, 1 / 3, 1 / 2])])
def test_sets_are_drawn_as_often_as_they_weigh(balanced: bool, shares: list[float]) -> None:
    settings, chance = replace(SETTINGS, balanced=balanced), torch.Generator().manual_seed(0)
    sizes = [len(draw(SIZED, 1, settings, chance)[0]) for _ in range(4000)]
    assert [sizes.count(len(each)) / 4000 for each in SIZED] == pytest.approx(shares, abs=0.03)


@pytest.mark.parametrize("pair", ["text-image", "text-speech"])
def test_each_pair_of_modalities_learns_by_the_loss_that_it_is_given(pair: str) -> None:
    def first(loss: str) -> float:
        seen: list[float] = []
        settings = replace(SETTINGS, steps=int(pair == "text-image"), speech_steps=1, fusion_steps=0, sets_per_step=1)
        settings = replace(settings, losses={**DEFAULT_LOSSES, pair: loss})
        train(SETS, INPUTS, SEGMENTS, settings, dev=lambda _: 0.0, on_step=lambda _, own: seen.append(own))
        return seen[0]

    contrast, margin, both = (first(loss) for loss in ("info_nce", "triplet", "both"))
    assert both == pytest.approx(contrast + margin, rel=1e-5)
    assert contrast > 0
    assert margin > 0
