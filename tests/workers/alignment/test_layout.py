import torch
from torch.nn import functional

from workers.alignment.layout import LEARNED_WEIGHT, Layout, join


def test_the_parts_fill_the_vector() -> None:
    assert Layout.of(512) == (256, 64, 192)
    assert sum(Layout.of(7)) == 7


def test_a_cosine_is_made_of_the_known_and_the_learned_part_in_fixed_shares() -> None:
    torch.manual_seed(0)
    known, learned = (functional.normalize(torch.randn(2, size), dim=1) for size in (6, 4))
    vectors = join(known[:, :4], known[:, 4:], 7 * learned)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
    weight = LEARNED_WEIGHT**2
    expected = (known[0] @ known[1] + weight * (learned[0] @ learned[1])) / (1 + weight)
    torch.testing.assert_close(vectors[0] @ vectors[1], expected)
