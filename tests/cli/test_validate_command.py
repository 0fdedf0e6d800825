"""`scribblebench validate` checks without data."""

from scribblebench.sweep.protocol import shipped_protocols


def test_each_protocol_and_preset_takes_a_line(scribblebench, tiny, write_protocol):
    tiny["presets"] = {"gpu": {"seeds": [0, 1]}}
    ended = scribblebench("validate", write_protocol(tiny), "efficiency")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "tiny: 3 trials (2 random_walk pce, 1 dense full)",
        "tiny-gpu: 6 trials (4 random_walk pce, 2 dense full)",
        "efficiency: 26 trials (8 skeleton pce, 8 random_walk pce, 8 max_supervision pce, "
        "2 dense full)",
    ]


def test_all_that_are_wrong_are_told_one_line_each(scribblebench, tiny, write_protocol):
    good = write_protocol(tiny)
    one = write_protocol(tiny | {"seeds": [-1]}, "one.yaml")
    other = write_protocol(tiny | {"presets": {"gpu": {"forms": ["x"]}}}, "other.yaml")
    ended = scribblebench("validate", one, good, other, "nowhere")
    assert ended.code == 1
    assert ended.out.startswith("tiny: 3 trials")
    first, second, third = ended.err.splitlines()
    assert first.startswith(f"error: {one}: seeds[0]: input should be greater")
    assert second.startswith(f"error: {other}: presets.gpu: forms[0]: unknown form 'x'")
    assert third.startswith("error: nowhere: no such protocol")


def test_the_schema_is_printed(scribblebench):
    ended = scribblebench("validate", "--schema")
    assert (ended.code, ended.out) == (0, (shipped_protocols() / "schema.json").read_text())


def test_there_must_be_something_to_do(scribblebench):
    for arguments in ((), ("--schema", "efficiency")):
        ended = scribblebench("validate", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == "error: validate: takes either protocols or --schema\n"
