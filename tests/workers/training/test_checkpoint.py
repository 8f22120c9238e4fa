"""A training that was interrupted ends as one that was not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.errors import CheckpointInvalid
from app.types import Modality
from tests.workers.training.test_loop import INPUTS, MIXED, SEGMENTS, SETS, SETTINGS, THINGS, _foreign, _outputs, _side
from workers.alignment.network import AlignmentNetwork
from workers.training.checkpoint import CheckpointFile
from workers.training.loop import train
from workers.training.pair_sets import PairSet
from workers.training.steps import Look

ALL_SETS = [
    *SETS,
    PairSet(
        name="text-text", left=_side(Modality.TEXT, _foreign()), right=_side(Modality.TEXT, _outputs(Modality.TEXT))
    ),
]
SHORT = replace(SETTINGS, steps=12, language_steps=12, speech_steps=12, fusion_steps=12, check_every=5)


def _dev(network: AlignmentNetwork) -> float:
    """Rises and falls with training, so that the best look is not always the last."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        return float(network.project(Modality.TEXT, _outputs(Modality.TEXT).float().to(device))[0, 0])


def _train(
    checkpoint: CheckpointFile | None, on_step: Callable[[str, float], None], *, resume: bool = False
) -> tuple[AlignmentNetwork, list[Look]]:
    return train(
        ALL_SETS,
        INPUTS,
        SEGMENTS,
        SHORT,
        mixed=MIXED,
        dev=_dev,
        on_step=on_step,
        checkpoint=checkpoint,
        resume=resume,
    )


@pytest.mark.parametrize("interrupted", [2, 7, 13, 20, 30, 36, 45])
def test_an_interrupted_training_ends_with_the_weights_of_one_that_was_not(tmp_path: Path, interrupted: int) -> None:
    whole_losses, losses = list[float](), list[float]()
    whole, looks = _train(None, lambda _, loss: whole_losses.append(loss))

    def stop(_stage: str, _loss: float) -> None:
        losses.append(_loss)
        if len(losses) == interrupted:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train(CheckpointFile(tmp_path, "this", period=0), stop)
    losses.clear()
    torch.rand(3)  # whatever else has drawn meanwhile
    resumed, again = _train(
        CheckpointFile(tmp_path, "this", period=0), lambda _, loss: losses.append(loss), resume=True
    )
    assert again == looks
    assert losses == whole_losses  # those before the interruption are told again
    weights, expected = resumed.state_dict(), whole.state_dict()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert len(expected) > 10


def test_a_checkpoint_is_written_whenever_dev_is_looked_at_and_once_a_period(tmp_path: Path) -> None:
    rare, written = CheckpointFile(tmp_path, "this", period=1e9), list[int]()
    write = rare.write
    rare.write = lambda state: (written.append(len(state["losses"])), write(state))[1]  # type: ignore[method-assign]
    _train(rare, lambda _stage, _loss: None)
    assert written == [17, 22, 24, 29, 34, 36]  # the looks of heads and speech; other stages have none
    assert not rare.due
    assert CheckpointFile(tmp_path, "this", period=0).due


def test_no_other_training_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    CheckpointFile(tmp_path, "this").write({"step": 3})
    assert CheckpointFile(tmp_path, "this").read() == {"step": 3}
    with pytest.raises(CheckpointInvalid, match="other data, settings or encoders"):
        CheckpointFile(tmp_path, "other").read()


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(tmp_path: Path) -> None:
    checkpoint = CheckpointFile(tmp_path, "this")
    with pytest.raises(CheckpointInvalid, match="has no checkpoint"):
        checkpoint.read()
    checkpoint.write({})
    checkpoint.remove()
    with pytest.raises(CheckpointInvalid, match="has no checkpoint"):
        checkpoint.read()


@pytest.mark.parametrize("cut", [0, 10, -30])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, cut: int) -> None:
    checkpoint = CheckpointFile(tmp_path, "this")
    checkpoint.write({"network": torch.ones(50)})
    checkpoint.path.write_bytes(checkpoint.path.read_bytes()[:cut])
    with pytest.raises(CheckpointInvalid, match="is damaged"):
        checkpoint.read()


def test_a_checkpoint_that_cannot_be_finished_leaves_the_one_before(tmp_path: Path) -> None:
    checkpoint = CheckpointFile(tmp_path, "this")
    checkpoint.write({"step": 1})
    with pytest.raises(AttributeError):  # a function is nothing that can be kept
        checkpoint.write({"step": lambda: None})
    assert checkpoint.read() == {"step": 1}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_network_trained_on_a_gpu_comes_back_to_the_cpu_and_has_learnt() -> None:
    settings = replace(SETTINGS, steps=300, speech_steps=0, fusion_steps=2, learning_rate=5e-3, dropout=0.0)
    network, _ = train(
        ALL_SETS,
        INPUTS,
        SEGMENTS,
        settings,
        mixed=MIXED,
        dev=_dev,
        on_step=lambda _s, _l: None,
        device=torch.device("cuda"),
    )
    with torch.inference_mode():
        left, right = (network.project(m, _outputs(m).float()) for m in (Modality.TEXT, Modality.IMAGE))
    assert float(((left @ right.T).argmax(1) == torch.arange(THINGS)).float().mean()) > 0.8
