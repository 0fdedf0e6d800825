import pytest
import torch

from scribblebench.training import class_ratios
from scribblebench.training.class_ratios import (
    annotated_ratios,
    argmax_ratios,
    em_ratios,
    oracle_ratios,
)

IGNORE = 255


def classified(ratios, shape, *, generator):
    """Draw pixels of these class ratios and the exact posteriors of equally frequent classes.

    Each class is a Gaussian of unit variance in the plane, 3 from the others.
    """
    n_pixels = shape[0] * shape[1] * shape[2]
    classes = torch.multinomial(torch.tensor(ratios), n_pixels, True, generator=generator)
    means = 3.0 * torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    features = means[classes] + torch.randn(n_pixels, 2, generator=generator)
    probs = (-(torch.cdist(features, means) ** 2) / 2).softmax(dim=1)
    return probs.reshape(*shape, 4).movedim(-1, 1), classes.reshape(shape)


def em_in_float64(probs, where, prior):
    """Follow the paper's formula pixel by pixel."""
    rows = probs.double().movedim(1, -1)[where]
    prior = prior.double()
    ratios = prior
    for _ in range(100):
        lifted = torch.where(prior > 0, ratios / prior, 0) * rows
        update = (lifted / lifted.sum(dim=1, keepdim=True)).mean(dim=0)
        change = (update - ratios).abs().sum()
        ratios = update
        if change < 1e-3:
            break
    return ratios


def test_annotated_ratios_by_hand():
    targets = torch.tensor([[[0, 1], [IGNORE, 1]], [[IGNORE, IGNORE], [IGNORE, 3]]])
    ratios = annotated_ratios(targets, 4, ignore_label=IGNORE)
    assert ratios.tolist() == [0.25, 0.5, 0.0, 0.25]
    nothing = annotated_ratios(torch.full((2, 3, 3), IGNORE), 4, ignore_label=IGNORE)
    assert nothing.tolist() == [0.0] * 4


def test_argmax_ratios_by_hand():
    probs = torch.tensor([[0.6, 0.4], [0.1, 0.9], [0.7, 0.3], [0.2, 0.8]]).T.reshape(1, 2, 2, 2)
    where = torch.tensor([[[True, True], [True, False]]])
    torch.testing.assert_close(argmax_ratios(probs, where), torch.tensor([2 / 3, 1 / 3]))
    assert argmax_ratios(probs, ~where).tolist() == [0.0, 1.0]
    assert argmax_ratios(probs, where & ~where).tolist() == [0.0, 0.0]


def test_oracle_ratios_leave_out_what_is_not_known():
    dense = torch.tensor([[[0, 2], [2, IGNORE]]])
    where = torch.tensor([[[False, True], [True, True]]])
    assert oracle_ratios(dense, where, 3, ignore_label=IGNORE).tolist() == [0.0, 0.0, 1.0]
    where = torch.tensor([[[False, False], [False, True]]])
    assert oracle_ratios(dense, where, 3, ignore_label=IGNORE).tolist() == [0.0, 0.0, 0.0]


def test_em_recovers_the_ratios_of_unannotated_pixels_and_not_from_annotated_ones():
    """102400 pixels, so that a ratio's standard error is .0008 or less; .01 is allowed."""
    generator = torch.Generator().manual_seed(5)
    truth = [0.94, 0.02, 0.02, 0.02]
    prior = torch.full((4,), 0.25)
    unannotated, _ = classified(truth, (4, 160, 160), generator=generator)
    annotated, _ = classified([0.25] * 4, (4, 20, 160), generator=generator)
    probs = torch.cat([unannotated, annotated], dim=2)
    where = torch.ones(4, 180, 160, dtype=torch.bool)
    where[:, 160:] = False
    estimate = em_ratios(probs, where, prior)
    torch.testing.assert_close(estimate, torch.tensor(truth), atol=0.01, rtol=0)
    wrong = em_ratios(probs, ~where, prior)
    assert float((wrong - torch.tensor(truth)).abs().max()) > 0.5


@pytest.mark.parametrize("shape", [(2, 31, 45), (2, 5, 17)])
def test_em_agrees_with_a_loop_in_float64(shape):
    generator = torch.Generator().manual_seed(1)
    probs = torch.randn(shape[0], 4, *shape[1:], generator=generator).mul(2).softmax(dim=1)
    where = torch.rand(shape, generator=generator) < 0.7
    prior = torch.tensor([0.4, 0.3, 0.2, 0.1])
    expected = em_in_float64(probs, where, prior)
    torch.testing.assert_close(em_ratios(probs, where, prior), expected.float(), atol=1e-6, rtol=0)
    exact = em_ratios(probs.double(), where, prior.double())
    torch.testing.assert_close(exact, em_in_float64(probs.double(), where, prior.double()))


def test_em_in_three_dimensions_is_em_on_the_same_pixels():
    generator = torch.Generator().manual_seed(2)
    probs = torch.randn(2, 3, 4, 5, 6, generator=generator).softmax(dim=1)
    where = torch.rand(2, 4, 5, 6, generator=generator) < 0.5
    prior = torch.tensor([0.5, 0.25, 0.25])
    flat = em_ratios(probs.flatten(2), where.flatten(1), prior)
    torch.testing.assert_close(em_ratios(probs, where, prior), flat)


def test_frozen_rounds_give_what_stopping_gives(monkeypatch):
    """Where convergence is not looked at, the rounds after it change nothing."""
    generator = torch.Generator().manual_seed(3)
    probs, _ = classified([0.7, 0.1, 0.1, 0.1], (2, 50, 50), generator=generator)
    by_class = probs.movedim(1, 0).flatten(1)
    prior = torch.full((4,), 0.25)
    run = class_ratios._expectation_maximisation
    stopped = run(by_class, torch.ones(5000), prior, stop_early=True)
    frozen = run(by_class, torch.ones(5000), prior, stop_early=False)
    assert torch.equal(stopped, frozen)
    monkeypatch.setattr(class_ratios, "TOLERANCE", 0.0)
    assert not torch.equal(run(by_class, torch.ones(5000), prior, stop_early=False), frozen)


def test_a_class_without_annotation_gets_0_and_the_others_all():
    generator = torch.Generator().manual_seed(4)
    probs = torch.randn(2, 4, 20, 20, generator=generator).softmax(dim=1)
    prior = torch.tensor([0.5, 0.0, 0.3, 0.2])
    ratios = em_ratios(probs, torch.ones(2, 20, 20, dtype=torch.bool), prior)
    assert float(ratios[1]) == 0.0
    assert float(ratios.sum()) == pytest.approx(1.0, abs=1e-6)


def test_pixels_outside_where_have_no_say():
    generator = torch.Generator().manual_seed(6)
    probs = torch.randn(1, 3, 9, 9, generator=generator).softmax(dim=1)
    where = torch.rand(1, 9, 9, generator=generator) < 0.5
    prior = torch.tensor([0.5, 0.3, 0.2])
    changed = torch.where(where[:, None], probs, probs.roll(1, dims=1))
    assert torch.equal(em_ratios(probs, where, prior), em_ratios(changed, where, prior))


def test_the_prior_comes_back_where_there_is_nothing_to_learn():
    probs = torch.randn(1, 3, 5, 5, generator=torch.Generator().manual_seed(0)).softmax(dim=1)
    everywhere = torch.ones(1, 5, 5, dtype=torch.bool)
    prior = torch.tensor([0.5, 0.3, 0.2])
    assert torch.equal(em_ratios(probs, ~everywhere, prior), prior)
    assert em_ratios(probs, everywhere, torch.zeros(3)).tolist() == [0.0] * 3
    # All mass lies on the one class that was never annotated.
    certain = torch.tensor([0.0, 0.0, 1.0])[None, :, None, None].expand(1, 3, 5, 5)
    prior = torch.tensor([0.5, 0.5, 0.0])
    assert torch.equal(em_ratios(certain, everywhere, prior), prior)


def test_em_of_bfloat16_is_computed_in_float32_and_without_gradient():
    logits = torch.randn(1, 3, 8, 8).bfloat16().requires_grad_()
    probs = logits.softmax(dim=1)
    ratios = em_ratios(probs, torch.ones(1, 8, 8, dtype=torch.bool), torch.full((3,), 1 / 3))
    assert ratios.dtype == torch.float32
    assert not ratios.requires_grad


def test_no_ratio_waits_for_the_host():
    """Tensors of the meta device have no values that the host could look at."""
    probs = torch.empty(2, 3, 8, 9, device="meta")
    targets = torch.empty(2, 8, 9, dtype=torch.long, device="meta")
    prior = annotated_ratios(targets, 3, ignore_label=IGNORE)
    where = targets == IGNORE
    assert em_ratios(probs, where, prior).shape == (3,)
    assert argmax_ratios(probs, where).shape == (3,)
    assert oracle_ratios(targets, where, 3, ignore_label=IGNORE).shape == (3,)
