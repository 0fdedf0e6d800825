import hashlib
from collections import Counter

from scribblebench.scribbles import PRESETS
from scribblebench.sweep.plan import SCHEMA, expand
from scribblebench.sweep.protocol import Protocol


def trials(content, **changes):
    return list(expand(Protocol.model_validate(content | changes)))


def test_grid_is_forms_by_densities_by_randomness_by_seeds(tiny):
    found = trials(
        tiny,
        forms=["skeleton", "random_walk", "expert", "dense"],
        densities=[0.1, 0.3, 0.5],
        randomness=[0.0, 1.0],
        seeds=[0, 1],
    )
    assert Counter((t.form, t.method) for t in found) == {
        ("skeleton", "pce"): 12,
        ("random_walk", "pce"): 12,
        ("expert", "pce"): 2,
        ("dense", "full"): 2,
    }


def test_given_forms_have_neither_density_nor_randomness(tiny):
    dense = next(t for t in trials(tiny, background_density=0.1) if t.form == "dense")
    assert (dense.density, dense.randomness, dense.background_density) == (None, None, None)


def test_presets_decide_for_themselves_how_much_they_draw(tiny):
    configs = list(expand(Protocol.model_validate(tiny | {"forms": ["acdc_expert", "dense"]})))
    (preset,) = [c for c in configs if c.form == "acdc_expert"]
    assert preset.density is preset.randomness is preset.background is None


def test_presets_are_those_of_the_schema():
    """A trial's id holds the name of its preset, not the numbers: raise SCHEMA with them."""
    text = "".join(repr(PRESETS[name]) for name in PRESETS)
    found = (SCHEMA, hashlib.sha256(text.encode()).hexdigest()[:12])
    assert found == (3, "7efca6a1c8aa"), (
        "if the presets were refitted, raise SCHEMA in sweep/plan.py"
    )


def test_ids_depend_on_every_setting_and_on_the_data(tiny):
    base = trials(tiny)
    ids = [t.trial_id("data") for t in base]
    assert len(set(ids)) == len(ids)
    assert ids == [t.trial_id("data") for t in trials(tiny)]
    assert not set(ids) & {t.trial_id("other data") for t in base}
    tiny["training"]["steps"] += 1
    assert not set(ids) & {t.trial_id("data") for t in trials(tiny)}


def test_ids_do_not_depend_on_the_rest_of_the_protocol(tiny):
    """A protocol may grow: what was run before stays finished."""
    ids = {t.trial_id("data") for t in trials(tiny)}
    grown = trials(tiny, densities=[0.9, 0.1, 0.5], seeds=[1, 0], name="other", description="x")
    assert ids < {t.trial_id("data") for t in grown}


def test_seeds_come_one_after_the_other_so_that_a_part_of_a_sweep_is_a_whole_grid(tiny):
    assert [t.seed for t in trials(tiny, seeds=[3, 1])] == [3, 3, 3, 1, 1, 1]
