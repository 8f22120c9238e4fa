import numpy as np
import pytest
import torch

from app.errors import EncoderFixed
from app.types import Role
from tests.workers.pictures import noise
from workers.encoders import registry, text
from workers.encoders.image import CARD, ImageEncoder
from workers.encoders.unfreezing import last_blocks, take_over, tensors_of


def _encoder() -> ImageEncoder:
    encoder = registry.load(CARD, "cpu")
    assert isinstance(encoder, ImageEncoder)
    return encoder


def test_outputs_with_their_gradient_are_those_of_the_encoder() -> None:
    encoder = _encoder()
    prepared = [encoder.prepare(noise(300, 280, seed=seed), Role.PASSAGE) for seed in range(2)]
    (last,) = last_blocks(encoder, 1)
    last.requires_grad_()
    outputs = encoder.outputs(encoder.forward(prepared))
    np.testing.assert_allclose(outputs.detach().numpy(), encoder.pool(prepared), atol=1e-5)
    outputs[:, 0].sum().backward()
    assert all(own.grad is not None and torch.isfinite(own.grad).all() for own in last.parameters())


def test_other_weights_of_the_last_blocks_are_taken_over_by_another_encoder() -> None:
    changed, other = _encoder(), _encoder()
    with torch.no_grad():
        for own in (own for block in last_blocks(changed, 2) for own in block.parameters()):
            own.mul_(1.05)
    picture = [noise(300, 280, seed=1)]
    assert np.abs(changed.encode(picture) - other.encode(picture)).max() > 1e-3
    take_over(other, tensors_of(changed, 2))
    np.testing.assert_array_equal(changed.encode(picture), other.encode(picture))


@pytest.mark.parametrize("count", [0, 1000])
def test_an_encoder_has_only_so_many_blocks(count: int) -> None:
    with pytest.raises(EncoderFixed, match=r"has \d+ blocks"):
        last_blocks(_encoder(), count)


def test_it_is_said_whose_blocks_can_be_trained() -> None:
    with pytest.raises(EncoderFixed, match="those of an EfficientNet-Lite can"):
        last_blocks(registry.load(text.CARD, "cpu"), 1)
