import torch
from torch.nn import functional

from app.types import Modality
from workers.alignment.network import AlignmentNetwork, AttentionHead, ProjectionHead

INPUTS = {Modality.TEXT: 6, Modality.IMAGE: 10, Modality.SPEECH: 12}
SEGMENTS = {Modality.SPEECH: 4}
HIDDEN = {Modality.TEXT: 8, Modality.IMAGE: 5}
KNOWN = {Modality.TEXT: 3}


def _network() -> AlignmentNetwork:
    torch.manual_seed(0)
    return AlignmentNetwork(INPUTS, SEGMENTS, HIDDEN, known=KNOWN, dim=8).eval()


def test_every_modality_is_projected_to_unit_vectors_of_one_length() -> None:
    network = _network()
    for modality, inputs in INPUTS.items():
        projected = network.project(modality, torch.randn(3, inputs))
        assert projected.shape == (3, 8)
        torch.testing.assert_close(projected.norm(dim=1), torch.ones(3))


def test_an_untrained_head_keeps_the_cosines_of_what_it_is_given() -> None:
    torch.manual_seed(1)
    head, outputs = ProjectionHead(inputs=6, hidden=8, dim=7).eval(), torch.randn(20, 6) + 3
    head.standardise(outputs)
    centred = functional.normalize(outputs - outputs.mean(0), dim=1)
    projected = head(outputs)
    torch.testing.assert_close(projected @ projected.T, centred @ centred.T, atol=1e-5, rtol=0)


def _recordings(*segments: int) -> torch.Tensor:
    """Recordings of so many segments of three numbers each, zero behind their end: (n, 12)."""
    torch.manual_seed(2)
    outputs = torch.zeros(len(segments), 4, 3)
    for row, count in enumerate(segments):
        outputs[row, :count] = torch.randn(count, 3) + 1
    return outputs.flatten(1)


def _attention_head() -> AttentionHead:
    torch.manual_seed(3)
    head = AttentionHead(inputs=12, segments=4, dim=7).eval()
    head.standardise(_recordings(4, 2, 3, 4))
    return head


def test_a_recording_gets_what_it_gets_alone_whatever_lies_beside_it() -> None:
    head, outputs = _attention_head(), _recordings(4, 2, 1)
    alone = torch.cat([head(row[None]) for row in outputs])
    torch.testing.assert_close(head(outputs), alone)


def test_what_lies_behind_the_end_of_recordings_does_not_move_their_centre() -> None:
    head = AttentionHead(inputs=12, segments=4, dim=7)
    outputs = _recordings(2, 1)
    head.standardise(outputs)
    torch.testing.assert_close(head.mean, outputs.view(2, 4, 3)[[0, 0, 1], [0, 1, 0]].mean(0))


def test_the_order_of_what_is_said_counts() -> None:
    head, outputs = _attention_head(), _recordings(4)
    backwards = outputs.view(1, 4, 3).flip(1).flatten(1)
    assert not torch.allclose(head(outputs), head(backwards), atol=1e-3)


def test_no_recording_at_all_gives_no_vector() -> None:
    assert _attention_head()(torch.zeros(0, 12)).shape == (0, 7)


def _bent() -> AlignmentNetwork:
    """A network whose fusions are something."""
    network = _network()
    for weights in network.fusions.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    return network


def _vectors() -> dict[Modality, torch.Tensor]:
    return {modality: functional.normalize(torch.randn(4, 8), dim=1) for modality in Modality}


def test_two_and_three_modalities_are_fused_to_one_unit_vector() -> None:
    network, vectors = _bent(), _vectors()
    pair = network.fuse({modality: vectors[modality] for modality in (Modality.TEXT, Modality.SPEECH)})
    for fused in (pair, network.fuse(vectors)):
        torch.testing.assert_close(fused.norm(dim=1), torch.ones(4))
    assert not torch.allclose(pair, network.fuse(vectors))


def test_an_untrained_fusion_is_the_weighted_mean() -> None:
    network, vectors = _network(), _vectors()
    weights = {modality: torch.full((4,), weight) for modality, weight in zip(Modality, (1.0, 0.5, 2.0), strict=True)}
    mean = vectors[Modality.TEXT] + 0.5 * vectors[Modality.IMAGE] + 2 * vectors[Modality.SPEECH]
    torch.testing.assert_close(network.fuse(vectors, weights), functional.normalize(mean, dim=1))
    torch.testing.assert_close(network.fuse(vectors), functional.normalize(sum(vectors.values()), dim=1))


def test_a_fusion_of_three_is_bent_by_each_pair_as_much_as_it_weighs() -> None:
    network = _network()
    with torch.no_grad():
        for name, place in (("text_image", 0), ("text_speech", 1), ("image_speech", 2)):
            network.fusions[name].second.bias.copy_(torch.eye(8)[place])
    zero = {modality: torch.zeros(1, 8) for modality in Modality}
    weights = {Modality.TEXT: torch.tensor([3.0]), Modality.IMAGE: torch.tensor([2.0]), Modality.SPEECH: torch.ones(1)}
    expected = functional.normalize(torch.tensor([[5.0, 4.0, 3.0, 0, 0, 0, 0, 0]]), dim=1)
    torch.testing.assert_close(network.fuse(zero, weights), expected)


def test_weights_that_are_alike_change_nothing() -> None:
    network, vectors = _bent(), _vectors()
    alike = {modality: torch.full((4,), 0.3) for modality in Modality}
    torch.testing.assert_close(network.fuse(vectors, alike), network.fuse(vectors))
    heavier = {**alike, Modality.TEXT: torch.ones(4)}
    assert not torch.allclose(network.fuse(vectors, heavier), network.fuse(vectors), atol=1e-3)


def test_one_modality_alone_is_its_own_fusion() -> None:
    vector = functional.normalize(torch.randn(2, 8), dim=1)
    assert _network().fuse({Modality.IMAGE: vector}) is vector
