"""``lle enhance``, with a model that leaves pictures as they are."""

import hashlib
import json
import sys

import numpy as np
import pytest
from PIL import Image

from lowlight_cli.cli import progress


def _digests(folder):
    paths = [folder / name for name in _files(folder)]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _files(folder):
    """Every file but the books of the runs."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [name for name in names if not name.startswith(".lle/")]


def test_a_folder_is_mirrored(enhance, folder, tmp_path):
    before = _digests(folder)
    run = enhance(folder, "-o", tmp_path / "out")
    assert (run.code, run.out) == (0, "")
    assert _files(tmp_path / "out") == ["a.png", "b/c.png", "b/d/e.jpg"]
    assert f"3 enhanced in {tmp_path}/out/ · 1 other file ignored" in run.err
    assert "\r" not in run.err
    assert np.array_equal(
        np.array(Image.open(folder / "a.png")), np.array(Image.open(tmp_path / "out" / "a.png"))
    )
    assert _digests(folder) == before


def test_a_second_run_makes_nothing_again(enhance, folder, tmp_path):
    enhance(folder, "-o", tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    run = enhance(folder, "-o", tmp_path / "out")
    assert run.code == 0
    assert "3 unchanged" in run.err
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before
    assert "3 enhanced" in enhance(folder, "-o", tmp_path / "out", "--on-exist", "overwrite").err


def test_quiet_says_nothing_of_success(enhance, folder, tmp_path):
    assert enhance(folder, "-o", tmp_path / "out", "-q") == (0, "", "")


def test_quiet_still_names_failures(enhance, folder, tmp_path):
    (folder / "bad.jpg").write_text("no picture")
    run = enhance(folder, "-o", tmp_path / "out", "-q")
    assert (run.code, run.out) == (3, "")
    assert run.err.splitlines() == [
        f"failed  {folder}/bad.jpg  unreadable: not an image in a supported format"
    ]


def test_bad_files_do_not_stop_the_good_ones(enhance, folder, make_picture, tmp_path):
    (folder / "text.jpg").write_text("no picture")
    (folder / "empty.png").touch()
    cut = make_picture(folder / "cut.jpg", size=(300, 200))
    cut.write_bytes(cut.read_bytes()[:2000])
    before = _digests(folder)
    run = enhance(folder, "-o", tmp_path / "out")
    assert run.code == 3
    assert _files(tmp_path / "out") == ["a.png", "b/c.png", "b/d/e.jpg"]
    assert "text.jpg  unreadable: not an image in a supported format" in run.err
    assert "empty.png  unreadable: the file is empty" in run.err
    assert "cut.jpg  truncated: image file is truncated" in run.err
    assert _digests(folder) == before


def test_nothing_but_bad_files_is_another_code(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").touch()
    assert enhance(tmp_path / "in", "-o", tmp_path / "out").code == 4


def test_a_folder_without_pictures_is_a_warning(enhance, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").touch()
    run = enhance(tmp_path / "in", "-o", tmp_path / "out")
    assert (run.code, run.out) == (0, "")
    assert run.err == "lle: warning: no images found, 1 other file\n"
    assert enhance(tmp_path / "in", "-o", tmp_path / "out", "-q") == (0, "", "")
    assert enhance(tmp_path / "in", "-o", tmp_path / "out", "--fail-empty").code == 5
    assert not (tmp_path / "out").exists()


def test_patterns_that_select_nothing_are_named(enhance, folder, tmp_path):
    words = "--include and --exclude select none of 3 images"
    patterns = ("--include", "*.tif", "--include", "d*.png")
    assert enhance(folder, "-o", tmp_path / "out", *patterns).err == f"lle: warning: {words}\n"
    assert words in enhance(folder, "-o", tmp_path / "out", *patterns, "-n").err
    everything = enhance(folder, "-o", tmp_path / "out", "--exclude", "b", "--exclude", "a.png", "-n").err
    assert "select none of 1 image" in everything
    assert "select" not in enhance(folder, "-o", tmp_path / "out", "--exclude", "b", "-n").err


def test_a_model_of_the_environment_that_is_unknown_is_traced_to_it(run_lle, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LLE_MODEL", "nope")
    run = run_lle("enhance", folder, "-o", tmp_path / "out")
    assert run.code == 2
    assert run.err.startswith("lle: error: unknown model 'nope'; known: codeenhance")
    assert run.err.endswith("; it comes from LLE_MODEL\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["in", "-o", "out", "-m", "codeenhanse"],
            "unknown model 'codeenhanse'; did you mean 'codeenhance'?",
        ),
        (["in", "-o", "out", "--preset", "huge"], "unknown preset of identity 'huge'; known: lite"),
        (["missing", "-o", "out"], "no such file or folder: 'missing'"),
        (["in", "-o", "in"], "is both input and output"),
        (["in/a.png", "-o", "in/a.png", "--on-exist", "overwrite"], "would replace the input"),
        (
            ["in", "in/b", "-o", "out", "--texture", "1.2"],
            "model 'identity' has no control 'texture'; models that have it: codeenhance, glare",
        ),
        (["in", "-o", "out", "--reference", "in/a.png"], "does not support --reference"),
        (["in", "-o", "out", "--tile", "128", "--tile-overlap", "100"], "more than half"),
    ],
)
def test_what_makes_no_sense_is_one_line(enhance, folder, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    run = enhance(*arguments)
    assert (run.code, run.out) == (2, "")
    assert message in run.err
    assert len(run.err.splitlines()) == 1
    assert run.err.startswith("lle: error: ")


@pytest.mark.parametrize(
    "option",
    [
        *[
            ("--contrast", "3"),
            ("--tile", "big"),
            ("--device", "gpu"),
            ("--batch-size", "0"),
            ("--strength", "-1"),
            ("--nonsense",),
        ],
        *[("--max-pixels", "0"), ("--max-pixels", "-1"), ("--min-free", "x")],
    ],
)
def test_options_out_of_range_are_usage_errors(enhance, folder, tmp_path, option):
    run = enhance(folder, "-o", tmp_path / "out", *option)
    assert (run.code, run.out) == (2, "")
    assert not (tmp_path / "out").exists()


def test_two_inputs_for_one_result_are_refused(enhance, make_picture, tmp_path):
    for name in ("night.jpg", "night.png"):
        make_picture(tmp_path / "in" / name)
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "-f", "jpg")
    assert (run.code, run.out) == (2, "")
    assert "would both be written to" in run.err


def test_a_place_that_cannot_be_written_to_ends_the_run_at_once(enhance, folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setitem(sys.modules, "lowlight_cli.pipeline.model_setup", None)  # nothing may be loaded
    run = enhance(folder, "-o", tmp_path / "file" / "out")
    assert (run.code, run.out) == (8, "")
    assert run.err == f"lle: error: cannot write to '{tmp_path}/file/out': Not a directory\n"


def test_a_device_that_is_not_here_is_code_seven(run_lle, folder, tmp_path):
    run = run_lle("enhance", folder, "-o", tmp_path / "out", "-m", "identity", "--device", "cuda:99")
    assert run.code == 7
    assert "--device cuda:99" in run.err


def test_weights_that_are_not_there_are_code_six(enhance, folder, tmp_path):
    run = enhance(folder, "-o", tmp_path / "out", "--checkpoint", tmp_path / "none.safetensors")
    assert run.code == 6
    assert len(run.err.splitlines()) == 1


def test_a_dry_run_changes_nothing(enhance, folder, tmp_path, monkeypatch):
    monkeypatch.delenv("COLUMNS")
    run = enhance(folder, "-o", tmp_path / "out", "--dry-run")
    assert run.code == 0
    lines = [line.split() for line in run.out.splitlines()]
    assert lines[0] == ["make", f"{folder}/a.png", "->", f"{tmp_path}/out/a.png", "0.0", "MP"]
    assert len(lines) == 3
    assert run.err.startswith("3 to enhance (0.0 MP, about ")
    assert run.err.endswith(" free) · 1 other file ignored\n")
    assert not (tmp_path / "out").exists()


def test_a_dry_run_speaks_json(enhance, folder, tmp_path):
    events = _events(enhance(folder, "-o", tmp_path / "out", "-n", "--json"))
    assert {(event["event"], event["action"]) for event in events} == {("plan", "make")}


def test_json_tells_everything(enhance, folder, tmp_path):
    (folder / "bad.jpg").write_text("no picture")
    enhance(folder / "a.png", "-o", f"{tmp_path}/out/")
    events = _events(enhance(folder, "-o", tmp_path / "out", "--json"))
    assert [event["v"] for event in events] == [1] * 6
    start, *items, end = events
    assert (start["event"], start["n"], start["model"], start["device"]) == ("start", 4, "identity", "cpu")
    by_name = {item["in"].rsplit("/", 1)[1]: item for item in items}
    assert by_name["a.png"]["status"] == "skipped"
    assert by_name["bad.jpg"]["error"] == {"code": "unreadable", "msg": "not an image in a supported format"}
    assert by_name["c.png"]["out"] == f"{tmp_path}/out/b/c.png"
    assert (by_name["c.png"]["w"], by_name["c.png"]["h"], by_name["c.png"]["warn"]) == (48, 32, [])
    counts = {key: end[key] for key in ("ok", "skipped", "failed", "ignored", "left", "exit")}
    assert counts == {"ok": 2, "skipped": 1, "failed": 1, "ignored": 1, "left": 0, "exit": 3}


def _events(run):
    return [json.loads(line) for line in run.out.splitlines()]


@pytest.mark.parametrize(
    "name", ["ü.png", "a b.png", "new\nline.png", "-x.png", "[red].png", f"{'n' * 251}.png"]
)
def test_odd_names_are_names(enhance, make_picture, tmp_path, name):
    make_picture(tmp_path / "in" / name)
    run = enhance(tmp_path / "in", "-o", tmp_path / "out", "--json")
    assert run.code == 0
    assert (tmp_path / "out" / name).exists()
    assert _events(run)[1]["out"] == f"{tmp_path}/out/{name}"


def test_names_that_are_not_text_are_kept_in_base_64(enhance, make_picture, tmp_path):
    make_picture(tmp_path / "in" / "caf\udce9.png")
    (event,) = _events(enhance(tmp_path / "in", "-o", tmp_path / "out", "--json"))[1:-1]
    assert event["in"].endswith(r"caf\xe9.png")
    assert event["in_b64"]


def test_rotated_photos_come_out_upright(enhance, make_picture, tmp_path):
    make_picture(tmp_path / "in" / "a.jpg", orientation=6)
    enhance(tmp_path / "in", "-o", tmp_path / "out")
    with Image.open(tmp_path / "out" / "a.jpg") as image:
        assert image.size == (32, 48)
        assert image.getexif().get(0x0112, 1) == 1


def test_a_format_can_be_chosen(enhance, folder, tmp_path):
    assert enhance(folder, "-o", tmp_path / "out", "-f", "webp").code == 0
    assert _files(tmp_path / "out") == ["a.webp", "b/c.webp", "b/d/e.webp"]


def test_the_size_of_batches_changes_nothing(enhance, make_picture, tmp_path):
    for number in range(5):
        make_picture(tmp_path / "in" / f"{number}.png", size=(40 + number % 2, 30), seed=number)
    for size in (1, 4):
        enhance(tmp_path / "in", "-o", tmp_path / f"out{size}", "--batch-size", size, "--workers", size)
    ones, fours = (sorted(_digests(tmp_path / f"out{size}").values()) for size in (1, 4))
    assert ones == fours
    assert len(ones) == 5


def test_long_runs_tell_of_their_progress_now_and_then(enhance, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_LINE_EVERY_S", 0.0)
    lines = enhance(folder, "-o", tmp_path / "out", "--precision", "fp32").err.splitlines()
    assert lines[:4] == [
        "3 images, identity on cpu fp32",
        "1 of 3 (33 %)",
        "2 of 3 (66 %)",
        "3 of 3 (100 %)",
    ]


def test_help_and_version(run_lle):
    assert "Brighten photos taken in low light" in run_lle("enhance", "-h").out
    assert run_lle("--version").out.startswith("lle")


def test_the_summary_says_who_acts_on_a_control(enhance, folder, tmp_path):
    run = enhance(folder / "a.png", "-o", f"{tmp_path}/out/", "--contrast", 1.5)
    assert run.code == 0
    assert run.err.rstrip().endswith("contrast by the tone curve")
    events = _events(enhance(folder / "a.png", "-o", f"{tmp_path}/more/", "--brightness", 1.5, "--json"))
    assert events[0]["controls"] == {"brightness": "tone curve"}
    with Image.open(folder / "a.png") as before, Image.open(tmp_path / "more" / "a.png") as after:
        assert np.mean(after) > 1.1 * np.mean(before)
