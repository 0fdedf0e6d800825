"""Each switch of an objective changes the term it should and no other."""

from dataclasses import replace

import pytest
import torch

from scribblebench.methods import METHODS
from scribblebench.seeding import seed_for
from scribblebench.training.batch import Batch
from scribblebench.training.losses import dice_loss, partial_cross_entropy
from scribblebench.training.networks import NETWORKS
from scribblebench.training.objective import Networks, Objective
from scribblebench.training.objective_settings import ObjectiveSettings
from scribblebench.training.two_decoders import TwoDecoders

K = 3


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(0)
    dense = torch.zeros(4, 32, 32, dtype=torch.long)
    dense[:, 8:20, 8:20] = 1
    dense[:, 20:28, 8:20] = 2
    images = dense[:, None] + 0.3 * torch.randn(4, 1, 32, 32, generator=generator)
    drawn = torch.rand(dense.shape, generator=generator)
    targets = torch.where(drawn < 0.1, dense, 255)
    inside = torch.ones_like(dense, dtype=torch.bool)
    inside[:, :, 30:] = False
    targets[~inside] = 255
    allowed = torch.ones(4, K, 32, 32, dtype=torch.bool)
    allowed[:, 1:, :4] = False
    return Batch(images, targets, inside, allowed, dense)


def terms(batch, settings, *, step=90, seed=3, audit=False):
    """Return the terms of one step of a run of 100, with a network of its own streams."""
    torch.manual_seed(0)
    build = NETWORKS["unet"]
    network = build(in_channels=1, n_classes=K, width=4)
    torch.manual_seed(1)
    second = build(in_channels=1, n_classes=K, width=4)
    network = TwoDecoders(network, second, dropout=0.0)
    teacher = build(in_channels=1, n_classes=K, width=4).eval()
    networks = Networks(
        logits=network,
        averaged_probs=lambda x: teacher(x).softmax(dim=1).detach(),
        two_logits=lambda x: network.both(x, generator=torch.Generator()),
    )
    objective = Objective(ObjectiveSettings.model_validate(settings), n_steps=100)

    def draws(name):
        return torch.Generator().manual_seed(seed_for(seed, name))

    return objective(networks, batch, step=step, draws=draws, audit=audit)


def values(made):
    return {name: float(value.detach()) for name, value in made.terms.items()}


SWITCHES = {
    "dice": ({"dice": 1.0}, {"dice"}),
    "mixup": ({"view": {"mixup": {}}}, {"view"}),
    "occlusion": ({"view": {"occlusion": {"side": 8}}}, {"view"}),
    "hole apart": ({"view": {"occlusion": {"side": 8, "weight": 0.5}}}, {"view", "hole"}),
    "dice of the view": ({"view": {"mixup": {}, "dice": 0.5}}, {"view", "view_dice"}),
    "consistency": ({"view": {"mixup": {}, "consistency": 0.05}}, {"view", "consistency"}),
    "spatial": ({"spatial": {}}, {"spatial"}),
    "shape": ({"shape": {}}, {"shape"}),
    "geometry": ({"geometry": 1.0}, {"geometry"}),
    "gated_crf": ({"gated_crf": {}}, {"gated_crf"}),
    "entropy": ({"entropy": 1.0}, {"entropy"}),
    "teacher": ({"teacher": {}}, {"teacher"}),
    "dual": ({"dual": {}}, {"mixed_pseudo_labels"}),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_adds_its_terms_and_leaves_the_others(batch, name):
    base = {
        "view": {"mixup": {}, "occlusion": {"side": 8}},
        "spatial": {"smoothing": 0.0},
        "geometry": 1.0,
        "entropy": 0.5,
    }
    settings, added = SWITCHES[name]
    alone = values(terms(batch, settings))
    assert set(alone) == {"cross_entropy", *added}
    others = {k: v for k, v in base.items() if k not in settings}
    before, after = values(terms(batch, others)), values(terms(batch, {**others, **settings}))
    changed = {k for k in after if after[k] != before.get(k)}
    # Two decoders are both trained on the annotated pixels.
    assert changed == added | ({"cross_entropy"} if name == "dual" else set())
    assert all(after[k] == pytest.approx(alone[k], rel=1e-5) for k in added)


@pytest.mark.parametrize("name", SWITCHES)
def test_every_term_has_a_gradient_and_its_weight(batch, name):
    settings, added = SWITCHES[name]
    made = terms(batch, settings)
    for term in added:
        assert made.terms[term].requires_grad
        assert torch.isfinite(made.terms[term])
        assert float(made.terms[term].detach()) != 0.0


VARIANTS = {
    "mask": (
        {"view": {"mixup": {"prior": 0.0}}},
        {"view": {"mixup": {"prior": 0.0, "label_smoothness": 99.0}}},
        "view",
    ),
    "hole": (
        {"view": {"occlusion": {"side": 8}}},
        {"view": {"occlusion": {"side": 8, "label": "ignore"}}},
        "view",
    ),
    "average": (
        {"view": {"mixup": {}}},
        {"view": {"mixup": {}, "average_over_all": True}},
        "view",
    ),
    "per pixel": (
        {"view": {"mixup": {}, "consistency": 1.0}},
        {"view": {"mixup": {}, "consistency": 1.0, "consistency_per_pixel": True}},
        "consistency",
    ),
    "radius": ({"spatial": {}}, {"spatial": {"radius": 1}}, "spatial"),
    "marginal": ({"spatial": {}}, {"spatial": {"marginal": True}}, "spatial"),
    "background": ({"spatial": {}}, {"spatial": {"rank_background": True}}, "spatial"),
    "oracle": ({"spatial": {}}, {"spatial": {"class_ratio": "oracle"}}, "spatial"),
    "argmax": ({"spatial": {}}, {"spatial": {"class_ratio": "argmax"}}, "spatial"),
    "annotated": ({"spatial": {}}, {"spatial": {"class_ratio": "annotated"}}, "spatial"),
    "scaled": ({"spatial": {}}, {"spatial": {"ratio_factor": 0.3}}, "spatial"),
    "pixels": ({"spatial": {}}, {"spatial": {"ratio_pixels": "annotated"}}, "spatial"),
    "union": ({"shape": {}}, {"shape": {"union": True}}, "shape"),
    "crf": ({"gated_crf": {}}, {"gated_crf": {"sigma_intensity": 1.0}}, "gated_crf"),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_changes_its_term_only(batch, name):
    one, other, term = VARIANTS[name]
    before, after = values(terms(batch, one)), values(terms(batch, other))
    assert before.keys() == after.keys()
    assert {k for k in before if before[k] != after[k]} == {term}


@pytest.mark.parametrize(
    ("settings", "term"),
    [
        ({"spatial": {"start": 0.5}}, "spatial"),
        ({"shape": {"start": 0.5}}, "shape"),
        ({"gated_crf": {"start": 0.5}}, "gated_crf"),
        ({"teacher": {"start": 0.5}}, "teacher"),
    ],
)
def test_a_term_is_missing_until_its_share_of_the_steps(batch, settings, term):
    assert term not in terms(batch, settings, step=49).terms
    assert term in terms(batch, settings, step=51).terms


def test_teacher_is_at_half_its_weight_half_way_up_its_ramp(batch):
    half, full = (
        values(terms(batch, {"teacher": {"start": 0.2}}, step=step))["teacher"] for step in (30, 40)
    )
    assert half == pytest.approx(full / 2, rel=1e-5)


def test_teacher_that_starts_late_is_at_its_full_weight_at_the_end(batch):
    half, full = (
        values(terms(batch, {"teacher": {"start": 0.6}}, step=step))["teacher"]
        for step in (80, 100)
    )
    always = values(terms(batch, {"teacher": {"start": 0.0}}, step=90))["teacher"]
    assert half == pytest.approx(full / 2, rel=1e-5)
    assert full == pytest.approx(always, rel=1e-5)


@pytest.mark.parametrize("term", ["cross_entropy", "dice"])
def test_two_decoders_both_learn_from_what_is_annotated(batch, term):
    """Half of the gradient that each would have on its own."""
    generator = torch.Generator().manual_seed(2)
    one, other = (torch.randn(4, K, 32, 32, generator=generator).requires_grad_() for _ in range(2))
    networks = Networks(
        logits=lambda x: one, averaged_probs=lambda x: one, two_logits=lambda x: (one, other)
    )
    settings = {"cross_entropy": 0.0, "dual": {}} | {term: 1.0}
    objective = Objective(ObjectiveSettings.model_validate(settings), n_steps=100)
    made = objective(networks, batch, step=0, draws=lambda name: torch.Generator())
    found = torch.autograd.grad(made.terms[term], (one, other))
    loss = {"cross_entropy": partial_cross_entropy, "dice": dice_loss}[term]
    for logits, gradient in zip((one, other), found, strict=True):
        alone = loss(logits, batch.targets, ignore_label=255)
        (expected,) = torch.autograd.grad(alone, logits)
        assert expected.abs().sum() > 0
        torch.testing.assert_close(gradient, expected / 2)


WEIGHTS = {
    "cross_entropy": (lambda w: {"cross_entropy": w}, "cross_entropy"),
    "dice": (lambda w: {"dice": w}, "dice"),
    "view": (lambda w: {"view": {"mixup": {}, "weight": w}}, "view"),
    "view.dice": (lambda w: {"view": {"mixup": {}, "dice": w}}, "view_dice"),
    "hole": (lambda w: {"view": {"occlusion": {"side": 8, "weight": w}}}, "hole"),
    "consistency": (lambda w: {"view": {"mixup": {}, "consistency": w}}, "consistency"),
    "spatial": (lambda w: {"spatial": {"weight": w}}, "spatial"),
    "shape": (lambda w: {"shape": {"weight": w}}, "shape"),
    "geometry": (lambda w: {"geometry": w}, "geometry"),
    "gated_crf": (lambda w: {"gated_crf": {"weight": w}}, "gated_crf"),
    "entropy": (lambda w: {"entropy": w}, "entropy"),
    "teacher": (lambda w: {"teacher": {"weight": w}}, "teacher"),
    "dual": (lambda w: {"dual": {"weight": w}}, "mixed_pseudo_labels"),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_weight_multiplies_its_term(batch, name):
    settings, term = WEIGHTS[name]
    one, three = (values(terms(batch, settings(weight)))[term] for weight in (1.0, 3.0))
    assert three == pytest.approx(3 * one, rel=1e-5)


def test_all_of_zscribbleseg_is_the_sum_of_its_terms(batch):
    """Each part draws from a stream of its own, so it draws what the whole does."""
    objective = METHODS["zscribbleseg"].objective
    whole = values(terms(batch, objective.model_dump()))
    assert set(whole) == {"cross_entropy", "view", "consistency", "spatial", "shape"}
    spatial = values(terms(batch, {"spatial": objective.spatial.model_dump()}))
    assert whole["spatial"] == pytest.approx(spatial["spatial"], rel=1e-5)
    view = objective.view.model_dump()
    parts = values(terms(batch, {"view": {**view, "consistency": 1.0}}))
    assert whole["view"] == pytest.approx(parts["view"], rel=1e-5)
    assert whole["consistency"] == pytest.approx(0.05 * parts["consistency"], rel=1e-5)


def test_em_may_start_from_the_ratios_that_the_prior_went_by(batch):
    """In the second step only: before that there are none but the annotated ones."""

    def two_steps(em_prior):
        settings = {"spatial": {"em_prior": em_prior, "smoothing": 0.5}}
        objective = Objective(ObjectiveSettings.model_validate(settings), n_steps=100)
        network = NETWORKS["unet"](in_channels=1, n_classes=K, width=4)
        networks = Networks(network, network, network)
        return [
            objective(networks, batch, step=step, draws=lambda name: None).ratios["used"]
            for step in (90, 91)
        ]

    torch.manual_seed(0)
    annotated = two_steps("annotated")
    torch.manual_seed(0)
    used = two_steps("used")
    assert torch.equal(annotated[0], used[0])
    assert not torch.equal(annotated[1], used[1])


def test_audit_gives_all_ratios_and_changes_no_term(batch):
    plain, audited = terms(batch, {"spatial": {}}), terms(batch, {"spatial": {}}, audit=True)
    assert values(plain) == values(audited)
    assert set(plain.ratios) == {"used"}
    assert set(audited.ratios) == {"used", "em", "argmax", "annotated", "oracle"}
    unannotated = (batch.targets == 255) & batch.inside
    true = torch.bincount(batch.dense[unannotated], minlength=K) / unannotated.sum()
    torch.testing.assert_close(audited.ratios["oracle"], true)
    torch.testing.assert_close(audited.ratios["used"], audited.ratios["em"])


@pytest.mark.parametrize("name", SWITCHES)
def test_what_lies_outside_the_slices_has_no_say(batch, name):
    """With a network that sees one pixel at a time, nothing reaches the inside otherwise."""
    torch.manual_seed(0)
    first, second = torch.nn.Conv2d(1, K, 1), torch.nn.Conv2d(1, K, 1)
    networks = Networks(
        logits=first,
        averaged_probs=lambda x: second(x).softmax(dim=1).detach(),
        two_logits=lambda x: (first(x), second(x)),
    )
    outside = ~batch.inside
    other = Batch(
        images=torch.where(outside[:, None], 7.0, batch.images),
        targets=batch.targets,
        inside=batch.inside,
        allowed=torch.where(outside[:, None], torch.eye(K).bool()[0][:, None, None], batch.allowed),
        dense=torch.where(outside, 2, batch.dense),
    )
    objective = Objective(ObjectiveSettings.model_validate(SWITCHES[name][0]), n_steps=100)

    def draws(name):
        return torch.Generator().manual_seed(seed_for(3, name))

    one, again = (objective(networks, b, step=90, draws=draws, audit=True) for b in (batch, other))
    for term in one.terms:
        torch.testing.assert_close(one.terms[term], again.terms[term], msg=term)
    for source in one.ratios:
        torch.testing.assert_close(one.ratios[source], again.ratios[source], msg=source)


def test_the_prior_goes_by_the_mean_of_its_estimates_over_the_batches(batch):
    """Of two estimates a and b with smoothing s, (s a + b) / (s + 1)."""

    def used(smoothing):
        settings = {"spatial": {"smoothing": smoothing, "class_ratio": "oracle"}}
        objective = Objective(ObjectiveSettings.model_validate(settings), n_steps=100)
        networks = Networks(network, network, network)
        batches = (batch, replace(batch, dense=torch.zeros_like(batch.dense)))
        return [
            objective(networks, b, step=90, draws=lambda name: None).ratios["used"] for b in batches
        ]

    torch.manual_seed(0)
    network = torch.nn.Conv2d(1, K, 1)
    a, b = used(0.0)
    assert b.tolist() == [1.0, 0.0, 0.0]
    first, second = used(0.75)
    torch.testing.assert_close(first, a)
    torch.testing.assert_close(second, (0.75 * a + b) / 1.75)


def test_what_is_not_annotated_at_all_gives_no_nan(batch):
    nothing = Batch(
        batch.images, torch.full_like(batch.targets, 255), batch.inside, batch.allowed, None
    )
    everything = {k: v for settings, _ in SWITCHES.values() for k, v in settings.items()}
    made = terms(nothing, everything, audit=True)
    for name, value in made.terms.items():
        assert torch.isfinite(value), name
    for name, ratio in made.ratios.items():
        assert torch.isfinite(ratio).all(), name
    # Ratios are not known, so nothing is a negative.
    assert float(made.terms["spatial"].detach()) == 0.0
