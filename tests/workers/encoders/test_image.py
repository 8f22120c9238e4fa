import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torchvision.transforms import v2

from app.types import Role
from tests.workers.pictures import noise
from workers.encoders.colours import COLOURS, colour_shares
from workers.encoders.image import CARD, LITE2, ImageEncoder

SIZES = [(300, 400), (640, 360), (260, 260), (40, 90)]
PICTURES = [noise(*size, seed=seed) for seed, size in enumerate(SIZES)]


@pytest.fixture(scope="module")
def reference() -> EfficientNet:
    """The package's own network, as it comes."""
    network = EfficientNet.from_name("efficientnet-lite2")
    network.load_state_dict(torch.load(LITE2.weights.verified()[0], weights_only=True))
    return network.eval()


def _seen(picture: np.ndarray) -> torch.Tensor:
    """The crop of a picture that the network is meant to see: (3, 260, 260), about -1 to 1."""
    see = v2.Compose(
        [
            v2.Resize(LITE2.short_side, interpolation=v2.InterpolationMode.BICUBIC),
            v2.CenterCrop(LITE2.crop),
            v2.PILToTensor(),
        ]
    )
    pixels: torch.Tensor = see(Image.fromarray(picture))
    return (pixels.float() - 127) / 128


def test_a_batch_gives_each_picture_what_it_gets_alone(image_encoder: ImageEncoder) -> None:
    alone = np.concatenate([image_encoder.encode([picture]) for picture in PICTURES])
    np.testing.assert_allclose(image_encoder.encode(PICTURES), alone, atol=1e-4)


def test_the_order_is_kept_over_several_batches(image_encoder: ImageEncoder) -> None:
    pictures = [PICTURES[number % 4] for number in range(9)]
    outputs = image_encoder.encode(pictures)
    assert outputs.shape == (9, CARD.dim)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs[:4], outputs[4:8], atol=1e-4)
    assert not np.allclose(outputs[0], outputs[1], atol=1e-2)


def _expected(network: EfficientNet, pixels: torch.Tensor) -> np.ndarray:
    """What the encoder is to give of (1, 3, 260, 260) pixels, by the package's own network."""
    stages: dict[int, torch.Tensor] = {}  # channels -> what the last block with so many gives
    hooks = [
        block.register_forward_hook(lambda _, __, found: stages.update({found.shape[1]: found}))
        for block in network._blocks
    ]
    with torch.inference_mode():
        grid = network.extract_features(pixels)
    for hook in hooks:
        hook.remove()
    last = grid.mean((2, 3)).numpy()[0]
    parts = [2 * last / np.linalg.norm(last)]
    styles = [style.numpy()[0] for found in stages.values() for style in (found.mean((2, 3)), found.std((2, 3)))]
    parts += [style / np.linalg.norm(style) / np.sqrt(len(styles)) for style in styles]
    return np.concatenate(parts)


def test_it_agrees_with_the_packages_own_network(image_encoder: ImageEncoder, reference: EfficientNet) -> None:
    prepared = image_encoder.prepare(PICTURES[2], Role.PASSAGE)
    expected = _expected(reference, (prepared.tensor[None].float() - 127) / 128)
    found = image_encoder.pool([prepared])[0]
    np.testing.assert_allclose(found[: -len(COLOURS)], expected, atol=1e-4)
    np.testing.assert_allclose(found[-len(COLOURS) :], colour_shares(prepared.tensor[None])[0], atol=1e-6)


def test_the_last_grid_weighs_twice_as_much_as_all_stages(image_encoder: ImageEncoder) -> None:
    found = image_encoder.encode(PICTURES)
    np.testing.assert_allclose(np.linalg.norm(found[:, :1280], axis=1), 2, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found[:, 1280 : -len(COLOURS)], axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(found[:, -len(COLOURS) :].sum(axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("picture", PICTURES, ids=[f"{width}x{height}" for width, height in SIZES])
def test_it_sees_the_centre_of_the_picture(
    image_encoder: ImageEncoder, reference: EfficientNet, picture: np.ndarray
) -> None:
    expected = _expected(reference, _seen(picture)[None])
    found = image_encoder.encode([picture])[0][: -len(COLOURS)]
    assert found @ expected / np.linalg.norm(found) / np.linalg.norm(expected) >= 0.995


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1)])
def test_odd_shapes_give_finite_outputs(image_encoder: ImageEncoder, shape: tuple[int, int]) -> None:
    assert np.isfinite(image_encoder.encode([np.zeros((*shape, 3), dtype=np.uint8)])).all()
