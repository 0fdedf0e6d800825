"""A user's own folder: names, classes, channels, patients and splits without any code."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from layouts.own import scribble_of, write_folder, write_pictures, write_settings
from layouts.volumes import affine_of, image_of, labels_of, save

from scribblebench.data import DATASETS, fingerprint
from scribblebench.data.folder import Folder
from scribblebench.errors import InputError

CLASSES = ["background", "left", "right"]


def test_equal_names_and_a_list_of_classes_are_enough(tmp_path):
    dataset = DATASETS["folder"](write_folder(tmp_path, n=4, settings=False), classes=CLASSES)
    assert list(dataset.case_ids()) == ["P0_0", "P0_1", "P1_0", "P1_1"]
    case, dense = dataset.load("P0_1"), labels_of(3, 1)
    np.testing.assert_array_equal(case.label_map.T, dense)
    np.testing.assert_array_equal(case.scribble.T, scribble_of(dense, 255))
    np.testing.assert_allclose(case.affine, affine_of(1), atol=1e-5)
    assert (dataset.facts.channels, case.patient_id) == (("image",), "P0_1")


def test_the_file_in_the_folder_speaks_and_options_go_before_it(tmp_path):
    write_folder(tmp_path, n=4)
    assert Folder(tmp_path).labels.class_names == tuple(CLASSES)
    assert Folder(tmp_path, classes=["a", "b", "c"]).labels.class_names == ("a", "b", "c")
    (tmp_path / "dataset.yaml").rename(tmp_path / "classes.yml")
    (tmp_path / "classes.yml").write_text("[none, one, two]")
    assert Folder(tmp_path).labels.class_names == ("none", "one", "two")


def test_pictures_with_palettes_and_colours(tmp_path):
    dataset = Folder(write_pictures(tmp_path / "grey", n=3))
    case = dataset.load("s01")
    assert (case.image.shape, case.spacing_mm) == ((1, 1, 32, 36), None)
    np.testing.assert_array_equal(case.label_map[0], labels_of(3, 1)[..., 0].T)
    colour = Folder(write_pictures(tmp_path / "colour", n=3, colour=True))
    assert colour.facts.channels == ("red", "green", "blue")
    assert colour.load("s01").image.shape == (3, 1, 32, 36)


def test_patients_by_an_expression_stay_on_one_side(tmp_path):
    write_folder(tmp_path, n=10)
    write_settings(tmp_path, patient=r"^(P\d+)_")
    dataset = Folder(tmp_path)
    assert dataset.patient_id("P3_1") == "P3"
    for cases in dataset.split().parts.values():
        assert len(cases) == 2 * len({dataset.patient_id(c) for c in cases})
    with pytest.raises(InputError, match=r"patient: '\^\(S\\d\+\)' does not fit case 'P0_0'"):
        Folder(tmp_path, patient=r"^(S\d+)")
    with pytest.raises(InputError, match=r"patient: must be a regular expression"):
        Folder(tmp_path, patient="(")


def test_patients_by_folders_and_channels_by_files(tmp_path):
    for patient in ("A", "B", "C"):
        for visit in ("1", "2"):
            dense = labels_of(3)
            for channel, name in enumerate(("T1", "FLAIR")):
                path = tmp_path / patient / f"{visit}_{name}.nii.gz"
                save(path, image_of(dense, channel=channel), affine_of())
            save(tmp_path / patient / f"{visit}_seg.nii.gz", dense, affine_of())
    patterns = {"images": "{patient}/{case}_{channel}.nii.gz", "labels": "{patient}/{case}_seg"}
    dataset = Folder(tmp_path, classes=CLASSES, **patterns)
    assert list(dataset.case_ids())[:2] == ["A_1", "A_2"]
    assert dataset.patient_id("C_2") == "C"
    assert dataset.facts.channels == ("FLAIR", "T1")
    named = Folder(tmp_path, classes=CLASSES, channels=["T1", "FLAIR"], **patterns)
    np.testing.assert_array_equal(named.load("A_1").image, dataset.load("A_1").image[::-1])
    (tmp_path / "B" / "1_T1.nii.gz").unlink()
    with pytest.raises(InputError, match=r"B/1_T1\.nii\.gz: no such file"):
        Folder(tmp_path, classes=CLASSES, **patterns).load("B_1")


def test_labels_beside_images_are_no_images(tmp_path):
    write_folder(tmp_path, n=2)
    for path in (tmp_path / "labels").iterdir():
        shutil.copy(path, tmp_path / "images" / path.name.replace(".nii", "_gt.nii"))
    dataset = Folder(tmp_path, labels="images/*_gt.nii.gz", images="images/*.nii.gz")
    assert list(dataset.case_ids()) == ["P0_0", "P0_1"]
    assert dataset.load("P0_1").label_map.any()


def test_values_of_classes_and_what_is_not_annotated_are_the_users(tmp_path):
    dense = labels_of(3)
    save(tmp_path / "images" / "a.nii.gz", image_of(dense), affine_of())
    values = np.array([0, 255, 128], dtype=np.uint8)
    save(tmp_path / "labels" / "a.nii.gz", values[dense], affine_of())
    save(tmp_path / "scribbles" / "a.nii.gz", scribble_of(values[dense], 7), affine_of())
    classes = {"right": 128, "background": 0, "left": 255}
    other_way = Folder(tmp_path, classes={"left": 0, "Background": 255, "right": 128}, ignore=7)
    assert other_way.labels.class_names == ("Background", "left", "right")
    np.testing.assert_array_equal(
        other_way.load("a").label_map.T, np.array([1, 0, 2], dtype=np.uint8)[dense]
    )
    dataset = Folder(tmp_path, classes=classes, ignore=7)
    assert dataset.labels.class_names == ("background", "right", "left")
    case = dataset.load("a")
    np.testing.assert_array_equal(case.label_map.T, np.array([0, 2, 1])[dense])
    assert set(np.unique(case.scribble)) == {0, 1, 2, 255}
    with pytest.raises(InputError, match=r"scribbles/a\.nii\.gz: label values .*got 7 \("):
        Folder(tmp_path, classes=classes).load("a")


def test_the_split_is_by_folder_by_list_or_by_file(tmp_path):
    write_folder(tmp_path / "all", n=6)
    root, rule = tmp_path / "all", "^(P.)"
    lists = {"train": ["P0", "P1_0", "P1_1"], "val": ["P2"]}
    wanted = {"train": ("P0_0", "P0_1", "P1_0", "P1_1"), "val": ("P2_0", "P2_1")}
    assert Folder(root, split=lists, patient=rule).split().parts == wanted
    (root / "parts.json").write_text(json.dumps({"parts": lists}))
    assert Folder(root, split="parts.json", patient=rule).split().parts == wanted
    left_over = Folder(root, split={"train": ["P1_0"]}).split().parts
    assert left_over == {"train": ("P1_0",), "pool": ("P0_0", "P0_1", "P1_1", "P2_0", "P2_1")}
    for part in ("train", "test"):
        for kind in ("images", "labels"):
            shutil.copytree(root / kind, tmp_path / "parts" / part / kind)
    for kind in ("images", "labels"):
        for number in range(6):
            part = "test" if number < 4 else "train"
            name = f"P{number // 2}_{number % 2}.nii.gz"
            (tmp_path / "parts" / part / kind / name).unlink()
    patterns = {"images": "{part}/images/*.nii.gz", "labels": "{part}/labels/*.nii.gz"}
    by_folder = Folder(tmp_path / "parts", classes=CLASSES, **patterns).split().parts
    assert by_folder == {"train": wanted["train"], "test": wanted["val"]}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": ["one"]}, "classes: must be 2 or more names"),
        ({"classes": ["a", "a"]}, "classes: must be 2 or more names with different values"),
        ({"classes": {"a": 0, "b": 0}}, "classes: must be 2 or more names with different values"),
        ({"classes": "a"}, "dataset.yaml: classes: must be a list of names, or names with values"),
        ({"classes": ["a", "Background"]}, "classes: must have the background first, got ['a'"),
        ({"classes": {"a": 0, "b": 1}}, "classes: must have one class called 'background'"),
        ({"classes": {"background": 0, "b": "1"}}, "yaml: classes: b: must be an integer, got '1'"),
        ({"classes": {"background": 0, "b": 2.0}}, "yaml: classes: b: must be an integer, got 2.0"),
        ({"classes": {0: "background", 1: "b"}}, "yaml: classes: names must be text, got 0"),
        ({"split": {"val": [True]}}, "dataset.yaml: split: val[0]: must be text, got True"),
        ({"split": {"val": [7]}}, "split: val: no case or patient '7'."),
        ({"ignore": 1}, "ignore: must be no class, got 1, which is 'left'"),
        ({"chanels": ["a"]}, "dataset.yaml: chanels: unknown key. Did you mean 'channels'?"),
        ({"channels": []}, "dataset.yaml: channels: list should have at least 1 item"),
        ({"images": "imgs/*.png"}, "holds no imgs/*.png (images)"),
        ({"split": {"val": ["P9"]}}, "split: val: no case or patient 'P9'."),
        ({"split": {"a": ["P0_0"], "b": ["P0_0"]}}, "'P0_0' is both in 'a' and in 'b'"),
        ({"split": {"a": ["P0_0"], "b": ["P0_1"]}, "patient": "P."}, "patient 'P0' is both in"),
        ({"split": "gone.json"}, "gone.json: cannot be read as JSON"),
    ],
)
def test_settings_that_do_not_fit_are_named(tmp_path, settings, message):
    write_folder(tmp_path, n=2)
    write_settings(tmp_path, **settings)
    with pytest.raises(InputError) as error:
        Folder(tmp_path)
    assert message in str(error.value)


def test_a_misspelt_key_is_named_before_the_classes_are_missed(tmp_path):
    write_folder(tmp_path, n=2, settings=False)
    (tmp_path / "dataset.yaml").write_text("clases: [background, left, right]")
    with pytest.raises(InputError, match=r"clases: unknown key\. Did you mean 'classes'"):
        Folder(tmp_path)


def test_numbers_in_lists_are_names_of_cases(tmp_path):
    write_pictures(tmp_path, n=3)
    for kind in ("images", "labels"):
        for number in range(3):
            (tmp_path / kind / f"s0{number}.png").rename(tmp_path / kind / f"{number}.png")
    write_settings(tmp_path, split={"train": [0, 1], "val": [2]})
    assert Folder(tmp_path).split().parts == {"train": ("0", "1"), "val": ("2",)}


def test_missing_classes_labels_and_doubled_images_are_named(tmp_path):
    write_folder(tmp_path, n=2, settings=False)
    with pytest.raises(InputError, match=r"classes: must be given, in dataset\.yaml or as an "):
        Folder(tmp_path)
    for kind in ("labels", "scribbles"):
        (tmp_path / kind / "P0_0.nii.gz").unlink()
    with pytest.raises(InputError, match=r"labels/P0_0\..*no such file, and no scribbles"):
        Folder(tmp_path, classes=CLASSES).load("P0_0")
    (tmp_path / "images" / "P0_1.nii").touch()
    with pytest.raises(InputError, match=r"P0_1\.nii\.gz: has the same case as .*P0_1\.nii, "):
        Folder(tmp_path, classes=CLASSES)


def test_two_label_or_scribble_files_for_a_case_are_both_named(tmp_path):
    write_pictures(tmp_path, n=2)
    shutil.copy(tmp_path / "labels" / "s01.png", tmp_path / "labels" / "s01.bmp")
    with pytest.raises(InputError, match=r"s01\.png: is for the same case as .*s01\.bmp \(labels"):
        Folder(tmp_path)
    assert list(Folder(tmp_path, labels="labels/*.png").case_ids()) == ["s00", "s01"]
    (tmp_path / "labels" / "s01.bmp").unlink()
    write_folder(tmp_path / "volumes", n=2)
    (tmp_path / "volumes" / "scribbles" / "P0_0.tif").touch()
    with pytest.raises(InputError, match=r"P0_0\.tif: is for the same case .*\(scribbles\)"):
        Folder(tmp_path / "volumes")


def test_equal_names_in_two_parts_are_two_cases(tmp_path):
    for number, part in enumerate(("train", "val")):
        write_pictures(tmp_path / part, n=2 + number)
    patterns = {"images": "{part}/images/*", "labels": "{part}/labels/*"}
    dataset = Folder(tmp_path, classes=CLASSES, **patterns)
    parts = {"train": ("train_s00", "train_s01"), "val": ("val_s00", "val_s01", "val_s02")}
    assert dataset.split().parts == parts
    assert dataset.files("val_s01").label == tmp_path / "val" / "labels" / "s01.png"
    for kind in ("images", "labels"):
        for name in ("s00.png", "s01.png"):
            (tmp_path / "val" / kind / name).unlink()
    assert list(Folder(tmp_path, classes=CLASSES, **patterns).case_ids()) == ["s00", "s01", "s02"]


def test_label_maps_alone_stand_for_images(tmp_path):
    write_pictures(tmp_path, n=2)
    shutil.rmtree(tmp_path / "images")
    case = Folder(tmp_path / "labels", images="*", labels="*", classes=CLASSES).load("s01")
    np.testing.assert_array_equal(case.label_map[0], labels_of(3, 1)[..., 0].T)


def test_a_damaged_first_image_does_not_hide_the_others(tmp_path):
    write_pictures(tmp_path, n=3, colour=True)
    (tmp_path / "images" / "s00.png").write_bytes(b"")
    dataset = Folder(tmp_path)
    assert dataset.facts.channels == ("red", "green", "blue")
    assert dataset.load("s02").label_map.any()
    with pytest.raises(InputError, match=r"s00\.png: cannot be read as a picture"):
        dataset.load("s00")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mscmr", "acdc"])
def test_real_data_sets_are_the_same_through_a_folder_with_patterns(name):
    root = Path(os.environ.get("SCRIBBLEBENCH_DATA", "")) / name
    if not root.is_dir():
        pytest.skip(f"SCRIBBLEBENCH_DATA names no folder with {name}")
    own = DATASETS[name](root)
    beside = {"mscmr": "{part}/labels/{case}", "acdc": "{patient}/{case}"}[name]
    dense = {"mscmr": "manual", "acdc": "gt"}[name]
    dataset = Folder(
        root,
        images=f"{beside.replace('labels', 'images')}.nii.gz",
        labels=f"{beside}_{dense}.nii.gz",
        scribbles=f"{beside}_scribble.nii.gz",
        classes=[*own.labels.class_names],
        ignore=4,
    )
    assert list(dataset.case_ids()) == list(own.case_ids())
    some = list(own.case_ids())[::8]
    assert fingerprint([dataset.load(c) for c in some]) == fingerprint(map(own.load, some))
