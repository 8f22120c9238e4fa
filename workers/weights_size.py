"""How much memory weights take."""

from collections.abc import Iterator

from torch import Tensor, nn

from workers.embedder import Embedder


def weights_bytes(embedder: Embedder, other: Embedder | None = None) -> tuple[int, int]:
    """Bytes of an embedder's weights, and how many of them another one shares."""
    own = {id(each): each for each in _tensors(embedder)}
    shared = own.keys() & {id(each) for each in _tensors(other)} if other is not None else set()
    return _bytes(list(own.values())), _bytes([own[each] for each in shared])


def _tensors(embedder: Embedder) -> Iterator[Tensor]:
    yield from _of(embedder.alignment.network)
    for encoder in embedder.encoders.values():
        yield from encoder.weights()


def _of(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _bytes(tensors: list[Tensor]) -> int:
    return sum(each.numel() * each.element_size() for each in tensors)
