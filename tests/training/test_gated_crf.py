import pytest
import torch
from test_neighbours import CASES, example, pairwise_kernel

from scribblebench.training.gated_crf import gated_crf_loss
from scribblebench.training.neighbours import weighted_neighbours


def crf_by_pairs(probs, kernel, n_valid):
    """Sum k_ij (1 - p_i . p_j) over all pairs, with a graph."""
    flat = probs.flatten(2)
    unlike = 1 - torch.einsum("bki,bkj->bij", flat, flat)
    return (kernel * unlike).sum() / n_valid


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("shape", "n_channels", "radius"), CASES.values(), ids=CASES)
def test_value_and_gradient_agree_with_a_loop_over_pairs(shape, n_channels, radius, dtype):
    probs, images, valid = example(shape, n_channels, dtype=dtype)
    logits = probs.log().requires_grad_()
    settings = {"radius": radius, "sigma_px": 2.0, "sigma_intensity": 0.3}
    probs = logits.softmax(dim=1)
    messages, weight = weighted_neighbours(probs, images, valid, **settings)
    loss = gated_crf_loss(probs, messages, weight, valid)
    (gradient,) = torch.autograd.grad(loss, logits)

    exact = logits.detach().double().requires_grad_()
    kernel = pairwise_kernel(images, valid, **settings)
    expected = crf_by_pairs(exact.softmax(dim=1), kernel, valid.sum())
    (expected_gradient,) = torch.autograd.grad(expected, exact)
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    assert loss.dtype == dtype
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=tolerance)
    torch.testing.assert_close(
        gradient, expected_gradient.to(dtype), atol=tolerance, rtol=tolerance
    )


def test_agreement_costs_nothing():
    probs = torch.tensor([1.0, 0.0])[None, :, None, None].expand(1, 2, 6, 6)
    valid = torch.ones(1, 6, 6, dtype=torch.bool)
    messages, weight = weighted_neighbours(probs, torch.rand(1, 1, 6, 6), valid, radius=2)
    assert float(gated_crf_loss(probs, messages, weight, valid)) == pytest.approx(0.0, abs=1e-6)


def test_no_valid_pixel_gives_0_with_zero_gradient():
    probs, images, valid = example((1, 2, 4, 4), 1)
    probs.requires_grad_()
    nowhere = valid & ~valid
    messages, weight = weighted_neighbours(probs, images, nowhere)
    loss = gated_crf_loss(probs, messages, weight, nowhere)
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert not probs.grad.any()


def test_bfloat16_is_computed_in_float32():
    probs, images, valid = example((1, 2, 4, 4), 1)
    messages, weight = weighted_neighbours(probs.bfloat16(), images, valid)
    loss = gated_crf_loss(probs.bfloat16(), messages, weight, valid)
    assert loss.dtype == torch.float32
