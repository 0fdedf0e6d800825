"""The numbers of the methods, as their papers have them."""

from scribblebench.methods import METHODS


def objective(name):
    return METHODS[name].objective


def test_zscribbleseg_has_the_papers_constants():
    o = objective("zscribbleseg")
    assert (o.cross_entropy, o.dice, o.geometry, o.entropy) == (1.0, 0.0, 0.0, 0.0)
    assert (o.gated_crf, o.teacher, o.dual) == (None, None, None)
    assert (o.view.weight, o.view.consistency, o.view.dice) == (1.0, 0.05, 0.0)
    mixup = o.view.mixup
    assert (mixup.label_smoothness, mixup.data_smoothness, mixup.prior) == (1.2, 0.5, 0.2)
    assert (mixup.blocks, mixup.neighbour_px) == ([2, 4], 4)
    assert (o.view.occlusion.side, o.view.occlusion.label) == (32, "background")
    assert (o.spatial.weight, o.spatial.start, o.spatial.radius) == (1.0, 0.15, 5)
    assert (o.spatial.sigma_px, o.spatial.sigma_intensity) == (6.0, 0.1)
    assert (o.spatial.class_ratio, o.spatial.em_prior) == ("em", "annotated")
    assert (o.spatial.ratio_pixels, o.spatial.ratio_factor) == ("unannotated", 1.0)
    assert not o.spatial.rank_background
    assert not o.spatial.marginal
    assert (o.shape.weight, o.shape.union) == (1.0, False)


def test_rows_of_the_ablation_are_parts_of_the_whole():
    whole, plain = objective("zscribbleseg"), objective("pce").model_dump()
    spatial, shape = objective("pce_spatial"), objective("pce_shape")
    assert spatial.model_dump() == {**plain, "spatial": whole.spatial.model_dump()}
    assert shape.model_dump() == {**plain, "shape": whole.shape.model_dump()}
    view = whole.view.model_dump()
    for name, off in {
        "pce_mixup": {"occlusion": None, "consistency": 0.0},
        "pce_occlusion": {"mixup": None, "consistency": 0.0},
        "pce_mixup_consistency": {"occlusion": None},
    }.items():
        assert objective(name).model_dump() == {**plain, "view": {**view, **off}}


def test_release_differs_where_the_docs_say_so():
    paper, release = objective("zscribbleseg"), objective("zscribbleseg_release")
    spatial = {
        "radius": 8,
        "rank_background": True,
        "marginal": True,
        "ratio_pixels": "annotated",
        "smoothing": 0.0,
    }
    assert release.spatial.model_dump() == {**paper.spatial.model_dump(), **spatial}
    view = paper.view.model_dump()
    view["occlusion"]["label"] = "ignore"
    changed = {"consistency_per_pixel": True, "average_over_all": True}
    assert release.view.model_dump() == {**view, **changed}
    assert release.shape.union


def test_rivals_add_one_term_to_partial_cross_entropy():
    plain = objective("pce").model_dump()
    for name, key in {
        "geometry": "geometry",
        "gated_crf": "gated_crf",
        "mean_teacher": "teacher",
        "dmpls": "dual",
        "entropy": "entropy",
    }.items():
        changed = objective(name).model_dump()
        assert {k for k in plain if changed[k] != plain[k]} == {key}
    assert objective("entropy").entropy == 0.1
    assert objective("dmpls").dual.weight == 0.5
    assert objective("gated_crf").gated_crf.weight == 0.1


def test_only_full_learns_from_dense_labels():
    dense = [name for name in METHODS.names() if METHODS[name].supervision == "dense"]
    assert dense == ["full"]
    full = objective("full").model_dump()
    changed = {k for k, v in objective("pce").model_dump().items() if full[k] != v}
    assert changed == {"dice"}
