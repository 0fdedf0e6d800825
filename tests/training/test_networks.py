import pytest
import torch

from scribblebench.training.networks import NETWORKS, TwoDecoders, cut, decode, encode, pad


def build(name, seed=0):
    torch.manual_seed(seed)
    return NETWORKS[name](in_channels=1, n_classes=3, width=4).eval()


@pytest.fixture
def image():
    return torch.randn(2, 1, 53, 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", NETWORKS.names())
def test_any_size_gives_logits_of_that_size(name, image):
    assert build(name)(image).shape == (2, 3, 53, 64)


def test_padding_repeats_the_border_and_is_cut_off_again(image):
    padded = pad(image)
    assert padded.shape == (2, 1, 64, 64)
    assert torch.equal(padded[:, :, 53:], image[:, :, 52:53].expand(-1, -1, 11, -1))
    assert torch.equal(cut(padded, image), image)


@pytest.mark.parametrize("name", NETWORKS.names())
def test_encoder_and_decoder_make_up_the_network(name, image):
    network = build(name)
    logits = cut(decode(network.network, encode(network.network, pad(image))), image)
    assert torch.equal(logits, network(image))


@pytest.mark.parametrize("name", NETWORKS.names())
def test_second_decoder_sees_the_first_ones_features(name, image):
    """With the decoder's weights equal and nothing dropped, both say the same."""
    alone = build(name)(image)
    network = TwoDecoders(build(name), build(name), dropout=0.0).eval()
    first, second = network.both(image, generator=torch.Generator())
    assert torch.equal(first, alone)
    assert torch.equal(second, alone)
    assert torch.equal(network(image), alone)


@pytest.mark.parametrize("name", NETWORKS.names())
def test_second_decoder_has_weights_of_its_own_but_no_encoder(name, image):
    single = sum(p.numel() for p in build(name).parameters())
    network = TwoDecoders(build(name), build(name, seed=1), dropout=0.5).eval()
    assert single < sum(p.numel() for p in network.parameters()) < 2 * single
    first, second = network.both(image, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(first, second)


def test_dropped_channels_come_from_the_generator(image):
    network = TwoDecoders(build("unet"), build("unet"), dropout=0.5).eval()

    def second(seed):
        return network.both(image, generator=torch.Generator().manual_seed(seed))[1]

    assert torch.equal(second(0), second(0))
    assert not torch.equal(second(0), second(1))
