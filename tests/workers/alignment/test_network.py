import torch
from torch.nn import functional

from app.types import Modality
from workers.alignment.network import AlignmentNetwork, ProjectionHead

INPUTS = {Modality.TEXT: 6, Modality.IMAGE: 10, Modality.SPEECH: 12}


def _network() -> AlignmentNetwork:
    torch.manual_seed(0)
    return AlignmentNetwork(INPUTS, hidden=8, dim=7).eval()


def test_every_modality_is_projected_to_unit_vectors_of_one_length() -> None:
    network = _network()
    for modality, inputs in INPUTS.items():
        projected = network.project(modality, torch.randn(3, inputs))
        assert projected.shape == (3, 7)
        torch.testing.assert_close(projected.norm(dim=1), torch.ones(3))


def test_an_untrained_head_keeps_the_cosines_of_what_it_is_given() -> None:
    torch.manual_seed(1)
    head, outputs = ProjectionHead(inputs=6, hidden=8, dim=7).eval(), torch.randn(20, 6) + 3
    head.standardise(outputs)
    centred = functional.normalize(outputs - outputs.mean(0), dim=1)
    projected = head(outputs)
    torch.testing.assert_close(projected @ projected.T, centred @ centred.T, atol=1e-5, rtol=0)


def test_two_and_three_modalities_are_fused_to_one_unit_vector() -> None:
    network = _network()
    vectors = {modality: functional.normalize(torch.randn(4, 7), dim=1) for modality in Modality}
    pair = network.fuse({modality: vectors[modality] for modality in (Modality.TEXT, Modality.SPEECH)})
    for fused in (pair, network.fuse(vectors)):
        torch.testing.assert_close(fused.norm(dim=1), torch.ones(4))
    assert not torch.allclose(pair, network.fuse(vectors))


def test_one_modality_alone_is_its_own_fusion() -> None:
    vector = functional.normalize(torch.randn(2, 7), dim=1)
    assert _network().fuse({Modality.IMAGE: vector}) is vector
