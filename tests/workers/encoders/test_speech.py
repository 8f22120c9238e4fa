from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import WhisperConfig, WhisperFeatureExtractor
from transformers.models.whisper.modeling_whisper import WhisperEncoder

from app.types import Role
from workers.encoders.ct2_file import read_ct2
from workers.encoders.log_mel import RATE, log_mel
from workers.encoders.pooling import segment_means
from workers.encoders.speech import BASE, CARD, SEGMENT_STEPS, SEGMENTS, SpeechEncoder

SECONDS = [0.6, 1.7, 0.1, 1.01, 2.3]
# our names in the weight file -> transformers' names, of one layer
LAYER = {
    "self_attention/linear_1/weight": "self_attn.out_proj.weight",
    "self_attention/linear_1/bias": "self_attn.out_proj.bias",
    "self_attention/layer_norm/gamma": "self_attn_layer_norm.weight",
    "self_attention/layer_norm/beta": "self_attn_layer_norm.bias",
    "ffn/linear_0/weight": "fc1.weight",
    "ffn/linear_0/bias": "fc1.bias",
    "ffn/linear_1/weight": "fc2.weight",
    "ffn/linear_1/bias": "fc2.bias",
    "ffn/layer_norm/gamma": "final_layer_norm.weight",
    "ffn/layer_norm/beta": "final_layer_norm.bias",
}


def _sound(seconds: float, seed: int) -> np.ndarray:
    """A chirp in noise, as uneven as speech: (samples,) float32."""
    times = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(scale=0.05, size=len(times))
    chirp = np.sin(2 * np.pi * (200 + 150 * seed) * times * (1 + times)) * np.sin(9 * times) ** 2
    return (0.5 * chirp + noise).astype(np.float32)


SOUNDS = [_sound(seconds, seed) for seed, seconds in enumerate(SECONDS)]


def _state(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by transformers' names."""
    state = {name.replace("/", "."): weights[name] for name in weights if name.startswith("conv")}
    state["embed_positions.weight"] = weights["position_encodings/encodings"]
    state |= {"layer_norm.weight": weights["layer_norm/gamma"], "layer_norm.bias": weights["layer_norm/beta"]}
    for layer in range(6):
        names = {f"layer_{layer}/{ours}": f"layers.{layer}.{theirs}" for ours, theirs in LAYER.items()}
        state |= {theirs: weights[ours] for ours, theirs in names.items()}
        for part in ("weight", "bias"):
            joined = weights[f"layer_{layer}/self_attention/linear_0/{part}"].chunk(3)
            state |= {
                f"layers.{layer}.self_attn.{letter}_proj.{part}": own for letter, own in zip("qkv", joined, strict=True)
            }
        del state[f"layers.{layer}.self_attn.k_proj.bias"]  # Whisper has none; the file says zero
    return state


@pytest.fixture(scope="module")
def reference() -> WhisperEncoder:
    """Transformers' encoder with the same weights."""
    weights = read_ct2(b"".join(path.read_bytes() for path in BASE.verified()), "encoder/")
    network = WhisperEncoder(
        WhisperConfig(
            d_model=512, encoder_layers=6, encoder_attention_heads=8, encoder_ffn_dim=2048, attn_implementation="eager"
        )
    )
    network.load_state_dict(_state(weights))
    return network.eval()


def test_the_log_mel_spectrogram_is_the_one_whisper_was_trained_on() -> None:
    sound = _sound(30, seed=3)  # a whole window, which the reference does not pad
    expected = WhisperFeatureExtractor()(sound, sampling_rate=RATE, return_tensors="np").input_features[0]
    np.testing.assert_allclose(log_mel(torch.from_numpy(sound)).numpy(), expected, atol=1e-4)


def test_its_states_are_those_of_the_reference(speech_encoder: SpeechEncoder, reference: WhisperEncoder) -> None:
    frames = log_mel(torch.from_numpy(_sound(30, seed=5)))
    with torch.inference_mode():
        expected = reference(frames[None]).last_hidden_state
        found, mask = speech_encoder.tower(frames[None], torch.ones(1, frames.shape[1], dtype=torch.bool))
    assert bool(mask.all())
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)


def test_a_padded_batch_gives_each_recording_what_it_gets_alone(speech_encoder: SpeechEncoder) -> None:
    together = speech_encoder.pool([speech_encoder.prepare(sound, Role.QUERY) for sound in SOUNDS])
    alone = np.concatenate([speech_encoder.encode([sound]) for sound in SOUNDS])
    np.testing.assert_allclose(together, alone, atol=1e-4, rtol=1e-4)


def test_the_order_is_kept(speech_encoder: SpeechEncoder) -> None:
    outputs, backwards = speech_encoder.encode(SOUNDS), speech_encoder.encode(SOUNDS[::-1])
    assert outputs.shape == (len(SOUNDS), CARD.dim)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, backwards[::-1], atol=1e-4, rtol=1e-4)


def test_a_short_recording_is_pooled_by_segments_of_80_ms() -> None:
    steps = torch.arange(9.0)[:, None]  # two segments: five steps and four
    expected = torch.zeros(SEGMENTS)
    expected[:2] = torch.tensor([2.0, 6.5])
    torch.testing.assert_close(segment_means(steps, SEGMENTS, SEGMENT_STEPS), expected)


def test_a_long_recording_is_pooled_by_as_many_segments_as_there_are() -> None:
    pooled = segment_means(torch.arange(10.0 * SEGMENTS)[:, None], SEGMENTS, SEGMENT_STEPS)
    torch.testing.assert_close(pooled, 4.5 + 10 * torch.arange(float(SEGMENTS)))


def test_the_shortest_recording_is_one_segment() -> None:
    pooled = segment_means(torch.ones(1, 1), SEGMENTS, SEGMENT_STEPS)
    assert pooled.tolist() == [1.0] + [0.0] * (SEGMENTS - 1)


def test_what_is_longer_than_a_window_is_read_in_windows(speech_encoder: SpeechEncoder) -> None:
    sound = _sound(31, seed=1)
    with torch.inference_mode():
        states = speech_encoder.forward([speech_encoder.prepare(sound, Role.QUERY)])
        pooled = speech_encoder.finish(states)
    assert states.hidden.shape[1] == 1550  # 20 ms each
    assert np.isfinite(pooled).all()


@pytest.mark.parametrize("samples", [1, 159, 200, 400])
def test_very_short_recordings_give_finite_outputs(speech_encoder: SpeechEncoder, samples: int) -> None:
    assert np.isfinite(speech_encoder.encode([np.full(samples, 0.1, dtype=np.float32)])).all()
