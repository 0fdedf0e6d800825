"""Raw data sets of nnU-Net, read back by other means than they are written."""

import gzip
import json
import os
import subprocess
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from outside import AFFINE, LABELS, Made, facts, made_case, save, trial, trial_data

from scribblebench.errors import InputError
from scribblebench.exchange import nnunet_export
from scribblebench.exchange.nnunet_export import export_nnunet
from scribblebench.exchange.own_grid import own_grid_targets


def export(root, config, source, *, n_scored=1, dataset_id=501, name="made", fingerprint="f"):
    data = trial_data(config, source.cases[:-n_scored], source.cases[-n_scored:])
    exported = export_nnunet(
        root,
        dataset_id=dataset_id,
        name=name,
        protocol="tiny",
        config=config,
        data=data,
        source=source,
        data_fingerprint=fingerprint,
    )
    return exported, data


@pytest.fixture
def source():
    return Made([made_case(f"p{i}_a", seed=i) for i in range(3)])


def voxels(path):
    image = nib.load(path)
    return np.asarray(image.dataobj).T, image


def check_layout(folder, n_channels, n_values):
    """Read a data set as nnU-Net would, and check what it asks for."""
    content = json.loads((folder / "dataset.json").read_text())
    assert list(content["channel_names"]) == [str(i) for i in range(n_channels)]
    assert sorted(content["labels"].values()) == list(range(n_values))
    assert content["labels"]["background"] == 0
    ending = content["file_ending"]
    names = {path.name.removesuffix(ending) for path in (folder / "labelsTr").iterdir()}
    assert len(names) == content["numTraining"]
    for kind in ("Tr", "Ts"):
        labels = sorted((folder / f"labels{kind}").iterdir())
        for path in labels:
            label_map, image = voxels(path)
            assert label_map.dtype.kind in "iu"
            assert label_map.max() < n_values
            for channel in range(n_channels):
                name = f"{path.name.removesuffix(ending)}_{channel:04d}{ending}"
                intensities, other = voxels(folder / f"images{kind}" / name)
                assert intensities.shape == label_map.shape
                np.testing.assert_array_equal(image.affine, other.affine)
                for code in ("qform_code", "sform_code", "pixdim", "xyzt_units"):
                    np.testing.assert_array_equal(image.header[code], other.header[code])
        n_images = len(list((folder / f"images{kind}").iterdir()))
        assert n_images == n_channels * len(labels)
    return content


def test_scribbles_have_the_ignore_label_and_lie_on_the_grid_of_the_image(tiny, source, tmp_path):
    config = trial(tiny)
    exported, data = export(tmp_path, config, source)
    assert exported.folder == tmp_path / "Dataset501_made"
    content = check_layout(exported.folder, 1, 4)
    assert list(content["labels"]) == ["background", "disc", "ring", "ignore"]
    assert content["numTraining"] == 2
    for slices in data.training:
        case_id = slices.case.case_id
        written, image = voxels(exported.folder / "labelsTr" / f"{case_id}.nii.gz")
        np.testing.assert_allclose(image.affine, AFFINE, atol=1e-5)
        targets = own_grid_targets(slices, config, LABELS)
        assert (written == 3).sum() == (targets == 255).sum() > 0
        np.testing.assert_array_equal(written[written != 3], targets[targets != 255])
        intensities, _ = voxels(exported.folder / "imagesTr" / f"{case_id}_0000.nii.gz")
        np.testing.assert_array_equal(intensities, slices.case.image[0])
    dense, _ = voxels(exported.folder / "labelsTs" / "p2_a.nii.gz")
    np.testing.assert_array_equal(dense, source.cases[2].label_map)
    assert [p.name for p in (exported.folder / "imagesTs").iterdir()] == ["p2_a_0000.nii.gz"]


def test_dense_labels_have_no_ignore_label(tiny, source, tmp_path):
    exported, _ = export(tmp_path, trial(tiny, form="dense"), source)
    content = check_layout(exported.folder, 1, 3)
    assert "ignore" not in content["labels"]
    for i in (0, 1):
        written, _ = voxels(exported.folder / "labelsTr" / f"p{i}_a.nii.gz")
        np.testing.assert_array_equal(written, source.cases[i].label_map)


def test_files_that_hold_the_image_are_copied_and_others_written(tiny, source, tmp_path):
    images = [case.image[0] for case in source.cases]
    source.images = {
        "p0_a": [save(tmp_path / "0.nii.gz", images[0])],
        "p1_a": [save(tmp_path / "1.nii", images[1])],
        # As where an adapter changes intensities: the file is not what others were trained on.
        "p2_a": [save(tmp_path / "2.nii.gz", images[2] + 1)],
    }
    source.cases = [
        replace(case, affine=nib.load(tmp_path / "0.nii.gz").affine) for case in source.cases
    ]
    exported, _ = export(tmp_path / "raw", trial(tiny), source)
    check_layout(exported.folder, 1, 4)
    train = exported.folder / "imagesTr"
    assert (train / "p0_a_0000.nii.gz").read_bytes() == (tmp_path / "0.nii.gz").read_bytes()
    unpacked = gzip.decompress((train / "p1_a_0000.nii.gz").read_bytes())
    assert unpacked == (tmp_path / "1.nii").read_bytes()
    written, _ = voxels(exported.folder / "imagesTs" / "p2_a_0000.nii.gz")
    np.testing.assert_array_equal(written, images[2])


def test_channels_of_one_file_and_of_several_become_files_of_their_own(tiny, tmp_path):
    cases = [made_case(f"p{i}_a", n_channels=2, seed=i) for i in range(2)]
    source = Made(cases, facts(channels=("T2", "ADC")))
    whole = save(tmp_path / "0.nii.gz", cases[0].image)
    single = [save(tmp_path / f"1_{c}.nii.gz", cases[1].image[c]) for c in range(2)]
    source.images = {"p0_a": [whole], "p1_a": single}
    source.cases = [replace(case, affine=nib.load(whole).affine) for case in cases]
    exported, _ = export(tmp_path / "raw", trial(tiny), source)
    content = check_layout(exported.folder, 2, 4)
    assert content["channel_names"] == {"0": "T2", "1": "ADC"}
    for kind, case in zip(("Tr", "Ts"), cases, strict=True):
        for channel in range(2):
            name = f"{case.case_id}_{channel:04d}.nii.gz"
            written, _ = voxels(exported.folder / f"images{kind}" / name)
            np.testing.assert_array_equal(written, case.image[channel])
    copied = exported.folder / "imagesTs" / "p1_a_0001.nii.gz"
    assert copied.read_bytes() == single[1].read_bytes()


def test_it_says_where_it_comes_from_and_what_is_not_as_it_was(tiny, source, tmp_path):
    stated = source.cases[2]
    source.cases[2] = replace(stated, spacing_mm=None)
    exported, _ = export(tmp_path, trial(tiny, seeds=[7]), source)
    assert (exported.without_spacing, exported.redrawn) == (["p2_a"], [])
    origin = json.loads((exported.folder / "scribblebench.json").read_text())
    assert (origin["protocol"], origin["form"], origin["seed"]) == ("tiny", "random_walk", 7)
    assert origin["training_cases"] == ["p0_a", "p1_a"]
    assert origin["written_by"]["scribblebench"]
    source.cases[2] = stated
    exported, _ = export(tmp_path, trial(tiny, spacing_mm=2.0), source, dataset_id=2)
    assert exported.redrawn == ["p0_a", "p1_a"]
    exported, _ = export(tmp_path, trial(tiny, form="dense", spacing_mm=2.0), source, dataset_id=3)
    assert exported.redrawn == []


def test_the_same_data_set_is_left_alone_and_another_is_not_overwritten(tiny, source, tmp_path):
    config = trial(tiny)
    exported, _ = export(tmp_path, config, source)
    stamp = (exported.folder / "dataset.json").stat().st_mtime_ns
    again, _ = export(tmp_path, config, source)
    assert (exported.is_new, again.is_new) == (True, False)
    assert (exported.folder / "dataset.json").stat().st_mtime_ns == stamp
    with pytest.raises(InputError, match="is there with other content; give another --dataset-id"):
        export(tmp_path, config, source, fingerprint="g")
    with pytest.raises(InputError, match="Dataset501_made: has this number already"):
        export(tmp_path, config, source, name="other")
    assert [path.name for path in tmp_path.iterdir()] == ["Dataset501_made"]


def test_a_data_set_that_was_not_written_to_its_end_is_not_there(
    tiny, source, tmp_path, monkeypatch
):
    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(nnunet_export, "folds", full)
    with pytest.raises(OSError, match="Dataset501_made: cannot be written"):
        export(tmp_path, trial(tiny), source)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_nnunet_itself_finds_nothing_wrong(tiny, tmp_path):
    """Its own check, on scribbles and dense labels of cases with two channels and odd axes."""
    python = os.environ.get("SCRIBBLEBENCH_NNUNET_PYTHON")
    if not python:
        pytest.skip("SCRIBBLEBENCH_NNUNET_PYTHON names no Python that has nnunetv2")
    affine = np.diag([-1.2, 1.5, -8.0, 1.0])
    affine[:3, :3] = [[0.8, 0.36, 0.48], [-0.6, 0.48, 0.64], [0, -0.8, 0.6]] @ affine[:3, :3]
    made = [made_case(f"p{i}_a", n_channels=2, seed=i) for i in range(3)]
    cases = [replace(case, affine=affine) for case in made]
    source = Made(cases, facts(channels=("T2", "ADC")))
    code = (
        "import sys\n"
        "from nnunetv2.experiment_planning.verify_dataset_integrity import "
        "verify_dataset_integrity\n"
        "if __name__ == '__main__':\n"
        "    verify_dataset_integrity(sys.argv[1], 1)\n"
    )
    script = tmp_path / "check.py"
    script.write_text(code)
    for number, form in ((501, "skeleton"), (502, "dense")):
        exported, _ = export(tmp_path / "raw", trial(tiny, form=form), source, dataset_id=number)
        done = subprocess.run(
            [python, script, exported.folder], capture_output=True, text=True, timeout=600
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "verify_dataset_integrity Done" in said
        assert "Warning" not in said
        assert "Error" not in said
