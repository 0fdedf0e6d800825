import pytest
import torch

from scribblebench.training.networks import NETWORKS, cut, pad, strides_for
from scribblebench.training.two_decoders import TwoDecoders, decode, encode

PATCHES = {2: (64, 64), 3: (8, 32, 32)}
SIZES = {2: (53, 64), 3: (9, 29, 32)}


def build(name, dims=2, seed=0):
    torch.manual_seed(seed)
    strides = strides_for(PATCHES[dims])
    return NETWORKS[name](in_channels=1, n_classes=3, width=4, strides=strides).eval()


@pytest.fixture(params=[2, 3])
def dims(request):
    return request.param


@pytest.fixture
def image(dims):
    return torch.randn(2, 1, *SIZES[dims], generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("patch", "planes"),
    [
        ((32, 48, 48), (2, 2, 2, 1)),  # 16, 8, 4, and no fewer
        ((64, 64, 64), (2, 2, 2, 2)),
        ((20, 128, 128), (1, 1, 2, 2)),  # from rows of 32 on; 10, 5
        ((16, 256, 256), (1, 1, 1, 2)),  # from rows of 32 on; there are no more levels
        ((8, 32, 32), (1, 2, 1, 1)),
        ((7, 32, 32), (1, 1, 1, 1)),
        ((48, 32, 32), (2, 2, 2, 1)),
    ],
)
def test_planes_are_halved_when_rows_are_as_coarse_and_while_some_remain(patch, planes):
    assert strides_for(patch) == tuple((n, 2, 2) for n in planes)
    assert strides_for(patch[1:]) == ((2, 2),) * 4


@pytest.mark.parametrize("name", NETWORKS.names())
def test_features_of_volumes_have_the_sides_that_the_strides_give(name):
    """8 x 32 x 32 with strides (1, 2, 2), (2, 2, 2) and twice (1, 2, 2)."""
    network = build(name, dims=3).network
    shapes = [tuple(f.shape[2:]) for f in encode(network, torch.zeros(1, 1, 8, 32, 32))]
    halved = [(8, 16, 16), (4, 8, 8), (4, 4, 4), (4, 2, 2)]
    assert shapes == ([*halved, halved[-1]] if name == "unet" else [(8, 32, 32), *halved])


@pytest.mark.parametrize("name", NETWORKS.names())
def test_any_size_gives_logits_of_that_size(name, image, dims):
    assert build(name, dims)(image).shape == (2, 3, *SIZES[dims])


def test_padding_repeats_the_border_and_is_cut_off_again():
    image = torch.randn(2, 1, 53, 64)
    padded = pad(image, (16, 16))
    assert padded.shape == (2, 1, 64, 64)
    assert torch.equal(padded[:, :, 53:], image[:, :, 52:53].expand(-1, -1, 11, -1))
    assert torch.equal(cut(padded, image), image)
    volume = torch.randn(1, 1, 9, 29, 32)
    padded = pad(volume, (4, 16, 16))
    assert padded.shape == (1, 1, 12, 32, 32)
    assert torch.equal(padded[:, :, 9:, :29], volume[:, :, 8:9].expand(-1, -1, 3, -1, -1))
    assert torch.equal(cut(padded, volume), volume)


@pytest.mark.parametrize("name", NETWORKS.names())
def test_encoder_and_decoder_make_up_the_network(name, image, dims):
    network = build(name, dims)
    logits = cut(
        decode(network.network, encode(network.network, pad(image, network.multiples))), image
    )
    assert torch.equal(logits, network(image))


@pytest.mark.parametrize("name", NETWORKS.names())
def test_second_decoder_sees_the_first_ones_features(name, image, dims):
    """With the decoder's weights equal and nothing dropped, both say the same."""
    alone = build(name, dims)(image)
    network = TwoDecoders(build(name, dims), build(name, dims), dropout=0.0).eval()
    first, second = network.both(image, generator=torch.Generator())
    assert torch.equal(first, alone)
    assert torch.equal(second, alone)
    assert torch.equal(network(image), alone)


@pytest.mark.parametrize("name", NETWORKS.names())
def test_second_decoder_has_weights_of_its_own_but_no_encoder(name, image, dims):
    single = sum(p.numel() for p in build(name, dims).parameters())
    network = TwoDecoders(build(name, dims), build(name, dims, seed=1), dropout=0.5).eval()
    assert single < sum(p.numel() for p in network.parameters()) < 2 * single
    first, second = network.both(image, generator=torch.Generator().manual_seed(0))
    assert not torch.equal(first, second)


def test_dropped_channels_come_from_the_generator(image, dims):
    network = TwoDecoders(build("unet", dims), build("unet", dims), dropout=0.5).eval()

    def second(seed):
        return network.both(image, generator=torch.Generator().manual_seed(seed))[1]

    assert torch.equal(second(0), second(0))
    assert not torch.equal(second(0), second(1))
