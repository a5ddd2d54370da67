"""``lle detect-prep`` into a folder that has files already: its own are replaced, those of others are not."""

import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

BRIGHT = ("--model", "identity", "--contrast", "1.5")
NAMES = ("0", "1", "2")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def save(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(level).integers(0, 20, (32, 48, 3), dtype=np.uint8)
    Image.fromarray(noise + np.uint8(level)).save(path)


@pytest.fixture
def source(tmp_path):
    """A YOLO dataset of three dark images."""
    for name in NAMES:
        save(tmp_path / "set" / "images" / f"{name}.png", 20 + int(name))
        label = tmp_path / "set" / "labels" / f"{name}.txt"
        label.parent.mkdir(exist_ok=True)
        label.write_text("0 0.5 0.5 0.25 0.25\n")
    (tmp_path / "set" / "classes.txt").write_text("cat\n")
    return tmp_path / "set"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def prepare(run_lle, source, out):
    return lambda *options: run_lle("detect-prep", source, "-o", out, *BRIGHT, *options)


def images(out: Path) -> dict[str, str]:
    return {path.stem: digest(path) for path in sorted((out / "images" / "train").iterdir())}


def labels(out: Path) -> list[str]:
    return sorted(path.stem for path in (out / "labels" / "train").iterdir())


VARIANTS = {"enhanced": (), "original": ("--variant", "original"), "dark": ("--darken",)}


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(VARIANTS, 2)))
def test_another_variant_replaces_the_first_one(prepare, out, first, second):
    assert prepare(*VARIANTS[second]).code == 0
    wanted = images(out)
    assert prepare(*VARIANTS[first]).code == 0
    assert set(images(out).values()).isdisjoint(wanted.values())
    again = prepare(*VARIANTS[second])
    assert again.code == 0
    assert images(out) == wanted
    assert labels(out) == list(NAMES)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_file_of_someone_else_stays_and_is_not_labeled(prepare, out, variant):
    own = out / "images" / "train" / "1.png"
    save(own, 200)
    before = digest(own)
    run = prepare(*VARIANTS[variant])
    assert run.code == 3
    assert "1.png' exists, and was not written by lle" in run.err
    assert digest(own) == before
    assert labels(out) == ["0", "2"]
    for later in (("--split", "2:1:0"), ("--variant", "original"), ("--limit", "1")):
        assert prepare(*later).code in (0, 3)
        assert digest(own) == before, later


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_result_that_was_edited_is_someone_elses(prepare, out, variant):
    assert prepare(*VARIANTS[variant]).code == 0
    edited = out / "images" / "train" / "1.png"
    save(edited, 201)
    before = digest(edited)
    other = "original" if variant != "original" else "dark"
    assert prepare(*VARIANTS[other]).code == 3
    assert digest(edited) == before
    assert labels(out) == ["0", "2"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_overwrite_replaces_files_of_others(prepare, out, variant):
    assert prepare(*VARIANTS[variant]).code == 0
    wanted = images(out)
    for path in [*out.rglob("*.png"), *out.rglob("*.txt"), out / ".lle" / "detect-prep.json"]:
        path.unlink()
    save(out / "images" / "train" / "1.png", 200)
    (out / "data.yaml").write_text("mine\n")
    assert prepare(*VARIANTS[variant], "--on-exist", "overwrite").code == 0
    assert images(out) == wanted
    assert labels(out) == list(NAMES)
    assert "mine" not in (out / "data.yaml").read_text()


@pytest.mark.parametrize("variant", VARIANTS)
def test_skip_takes_what_is_there_and_never_removes_it(prepare, out, variant):
    own = out / "images" / "train" / "1.png"
    save(own, 200)
    before = digest(own)
    assert prepare(*VARIANTS[variant], "--on-exist", "skip").code == 0
    assert (digest(own), labels(out)) == (before, list(NAMES))
    assert prepare(*VARIANTS[variant], "--on-exist", "skip", "--limit", "1").code == 0
    assert digest(own) == before


@pytest.mark.parametrize("variant", VARIANTS)
def test_error_stops_before_any_work(prepare, out, variant):
    own = out / "images" / "train" / "1.png"
    save(own, 200)
    run = prepare(*VARIANTS[variant], "--on-exist", "error")
    assert (run.code, run.out) == (2, "")
    assert "1.png' exists; choose another --on-exist" in run.err
    assert [path for path in out.rglob("*") if path.is_file()] == [own]


@pytest.mark.parametrize("name", ["data.yaml", "classes.txt", "labels/train/1.txt", "preview_train.jpg"])
@pytest.mark.parametrize("on_exist", ["resume", "skip", "error"])
def test_labels_of_someone_else_stop_the_run(prepare, out, name, on_exist):
    own = out / name
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("mine\n")
    run = prepare("--variant", "original", "--on-exist", on_exist)
    assert (run.code, run.out) == (2, "")
    assert f"{name}' exists, and was not written by lle; choose another folder" in run.err
    assert own.read_text() == "mine\n"
    assert [path for path in out.rglob("*") if path.is_file()] == [own]


def test_images_cannot_be_renamed(prepare, out):
    run = prepare("--on-exist", "rename")
    assert (run.code, out.exists()) == (2, False)
    assert "part images from their labels" in run.err


def test_a_copy_is_no_link_to_the_original(prepare, source, out):
    placed, original = out / "images" / "train" / "1.png", source / "images" / "1.png"
    assert prepare("--variant", "original", "--link", "hardlink").code == 0
    assert placed.samefile(original)
    assert prepare("--variant", "original", "--link", "hardlink").code == 0
    assert placed.samefile(original)
    assert prepare("--variant", "original", "--link", "copy").code == 0
    assert not placed.samefile(original)
    assert digest(placed) == digest(original)


def test_a_dataset_that_was_copied_without_its_times_and_records_is_known_by_its_content(prepare, out):
    assert prepare("--variant", "original").code == 0
    (out / ".lle" / "detect-prep.json").unlink()
    for path in [*out.rglob("*.txt"), *out.glob("*.yaml"), *out.glob("preview*")]:
        path.unlink()
    for path in out.rglob("*.png"):
        path.write_bytes(path.read_bytes())
    assert prepare("--variant", "original").code == 0
    assert labels(out) == list(NAMES)


def test_labels_alone_leave_images_of_earlier_runs(prepare, run_lle, out, source, tmp_path):
    assert prepare("--to", "coco").code == 0
    before = images(out)
    coco = tmp_path / "coco"
    coco.mkdir()
    (out / "annotations" / "instances_train.json").replace(coco / "instances_train.json")
    run = run_lle("detect-prep", coco, "-o", out, "--to", "coco", "--labels-only")
    assert run.code == 0
    assert images(out) == before


def test_the_record_of_an_earlier_version_is_understood(prepare, out):
    assert prepare().code == 0
    record = out / ".lle" / "detect-prep.json"
    names = list(json.loads(record.read_bytes())["files"])
    record.write_text(json.dumps({"v": 1, "files": [*names, "labels/train/gone.txt", "../set/classes.txt"]}))
    (out / "labels" / "train" / "gone.txt").write_text("")
    assert prepare().code == 0
    assert labels(out) == list(NAMES)
    assert (out.parent / "set" / "classes.txt").exists()
    assert json.loads(record.read_bytes())["v"] == 2


def test_missing_weights_cost_nothing_of_an_earlier_variant(run_lle, source, out, tmp_path):
    assert run_lle("detect-prep", source, "-o", out, "--variant", "original").code == 0
    before = images(out)
    options = ("--model", "codeenhance", "--checkpoint", tmp_path / "gone.safetensors")
    run = run_lle("detect-prep", source, "-o", out, *options)
    assert (run.code, images(out), labels(out)) == (6, before, list(NAMES))
