"""``lle detect-prep``: every box where it belongs, in both kinds of pictures, however often it is run."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.detection.detect_format import read_collection
from lowlight_cli.detection.label_rules import broken_rules
from lowlight_cli.models.drgn.config import DrgnConfig, SingleBranchConfig
from lowlight_cli.models.drgn.model import Drgn
from tests.cli.turned_pictures import THING, XML

IDENTITY = ("--model", "identity")


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def boxes_of(root: Path) -> dict[str, tuple[float, ...]]:
    """The one box of each picture, in pixels, as a trainer would read it."""
    found = {}
    for sample in read_collection(root, "yolo").samples:
        with Image.open(sample.image) as image:
            width, height = image.size
        (box,) = sample.boxes
        found[sample.name] = (box.left * width, box.top * height, box.right * width, box.bottom * height)
    return found


def brightest(path: Path) -> float:
    with Image.open(path) as image:
        return float(np.percentile(np.asarray(image), 95))


def light_of(root: Path) -> float:
    return float(np.mean([brightest(path) for path in (root / "images").rglob("*.jpg")]))


def thing_in(path: Path) -> tuple[int, ...]:
    """Where the bright thing is in the pixels of a file, EXIF ignored."""
    with Image.open(path) as image:
        assert image.getexif().get(0x0112, 1) == 1
        rows, columns = np.nonzero(np.asarray(image.convert("L")) > 100)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize("kind", ["original", "enhanced"])
def test_boxes_lie_on_their_things_in_every_orientation(run_lle, voc, tmp_path, kind):
    before = digests(voc)
    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--variant", "both", *IDENTITY)

    assert run.code == 0
    root = tmp_path / "out" / kind
    boxes = boxes_of(root)
    assert len(boxes) == 8
    for name, box in boxes.items():
        (path,) = root.rglob(name)
        assert thing_in(path) == pytest.approx(box, abs=0.5)
    assert digests(voc) == before
    # Orientations 2 to 4 keep the size, so the annotation cannot tell which way up it is.
    assert "7 images rotated upright by EXIF, 3 of them with a guessed box orientation" in run.err


def test_both_kinds_have_the_same_names_and_labels(run_lle, voc, tmp_path):
    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--variant", "both", *IDENTITY)

    original, enhanced = (tmp_path / "out" / kind for kind in ("original", "enhanced"))
    assert run.out.splitlines() == [str(original / "data.yaml"), str(enhanced / "data.yaml")]
    assert digests(original / "labels") == digests(enhanced / "labels")
    assert digests(original / "images").keys() == digests(enhanced / "images").keys()
    for label in (enhanced / "labels").rglob("*.txt"):
        assert broken_rules(label.read_text(), 12) == []
    content = yaml.safe_load((enhanced / "data.yaml").read_text())
    assert (content["path"], content["train"], content["val"]) == (
        str(enhanced),
        "images/train",
        "images/test",
    )
    assert (tmp_path / "out" / "preview_train.jpg").is_file()


def test_a_second_run_changes_nothing(run_lle, voc, tmp_path):
    arguments = ("detect-prep", voc, "-o", tmp_path / "out", "--variant", "both", *IDENTITY)
    assert run_lle(*arguments).code == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.[jt][px][gt]")}

    run = run_lle(*arguments)

    assert run.code == 0
    assert "8 unchanged" in run.err
    assert "originals: 8 (0 copied now)" in run.err
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.[jt][px][gt]")}
    assert len(before) == 8 * 2 * 2 + 4 * 1
    previews = {path for path in before if path.name.startswith("preview_")}
    assert {path: time for path, time in after.items() if path not in previews} == {
        path: time for path, time in before.items() if path not in previews
    }


def test_pictures_that_move_to_another_split_leave_the_old_one(run_lle, voc, tmp_path):
    out = tmp_path / "out"
    run_lle("detect-prep", voc, "-o", out, *IDENTITY)
    (out / "images" / "train" / "mine.jpg").write_bytes(b"not put there by lle")

    run = run_lle("detect-prep", voc, "-o", out, "--split", "1:1:1", "--seed", "3", *IDENTITY)

    assert run.code == 0
    names = [path.name for path in (out / "images").rglob("*.jpg")]
    assert sorted(names) == [*(f"{index}.jpg" for index in range(1, 9)), "mine.jpg"]
    labels = [path.stem for path in (out / "labels").rglob("*.txt")]
    assert sorted(labels) == [str(index) for index in range(1, 9)]


@pytest.mark.parametrize(("form", "product"), [("coco", "annotations"), ("voc", "Annotations")])
def test_other_forms_are_written_and_read_back(run_lle, voc, tmp_path, form, product):
    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--to", form, *IDENTITY)

    assert (run.code, run.out.strip()) == (0, str(tmp_path / "out" / product))
    found = read_collection(tmp_path / "out", form)
    assert len(found.samples) == 8
    assert {sample.split for sample in found.samples} == {"train", "test"}


def test_broken_annotations_are_named_and_the_rest_is_made(run_lle, voc, tmp_path):
    (voc / "Annotations" / "1.xml").write_text("<annotation>")
    (voc / "Annotations" / "2.xml").write_text(XML.format(*THING, name="2.jpg", width=99, height=9))
    (voc / "JPEGImages" / "3.jpg").write_bytes(b"no picture")
    (voc / "JPEGImages" / "4.jpg").unlink()
    full = (voc / "JPEGImages" / "5.jpg").read_bytes()
    (voc / "JPEGImages" / "5.jpg").write_bytes(full[:-80])

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--variant", "both", *IDENTITY)

    assert run.code == 3
    assert all(
        text in run.err for text in ("1.xml:1: not XML", "the annotation states 99x9", "3.jpg: not an image")
    )
    assert "1 annotation without an image" in run.err
    assert "5.jpg  truncated" in run.err
    for kind in ("original", "enhanced"):
        names = sorted(path.name for path in (tmp_path / "out" / kind / "images").rglob("*.jpg"))
        assert names == ["6.jpg", "7.jpg", "8.jpg"]
    report = json.loads((tmp_path / "out" / "lle-report.json").read_text())
    assert (report["pictures"], len(report["errors"])) == (3, 3)


def test_strict_stops_before_any_work(run_lle, voc, tmp_path):
    (voc / "Annotations" / "1.xml").write_text("<annotation>")

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--strict", *IDENTITY)

    assert run.code == 3
    assert not (tmp_path / "out").exists()


def test_a_dry_run_writes_nothing(run_lle, voc, tmp_path):
    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--dry-run", *IDENTITY)

    assert run.code == 0
    assert len(run.out.splitlines()) == 8
    assert not (tmp_path / "out").exists()


def test_labels_alone_need_no_pictures(run_lle, voc, tmp_path):
    for path in (voc / "JPEGImages").iterdir():
        path.unlink()

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--labels-only")

    assert run.code == 0
    assert len(list((tmp_path / "out" / "labels").rglob("*.txt"))) == 8


def test_dark_copies_keep_their_boxes_and_are_made_once(run_lle, voc, tmp_path):
    arguments = ("detect-prep", voc, "-o", tmp_path / "out", "--darken", "--variant", "both")
    assert run_lle(*arguments).code == 0
    dark, bright = (tmp_path / "out" / kind for kind in ("dark", "original"))
    assert boxes_of(dark) == boxes_of(bright)
    light = [
        np.mean([brightest(path) for path in (root / "images").rglob("*.jpg")]) for root in (dark, bright)
    ]
    assert light[0] < 0.6 * light[1]
    before = digests(dark / "images")

    again = run_lle(*arguments)
    other = run_lle(*arguments, "--seed", "1")

    assert (again.code, other.code) == (0, 0)
    assert digests(dark / "images").keys() == before.keys()
    assert digests(dark / "images") != before


def test_a_trained_network_can_make_the_dark_copies(run_lle, voc, tmp_path):
    config = DrgnConfig(generator=SingleBranchConfig(channels=4, modules=1, depth=1, reduction=2))
    model = Drgn(config)
    torch.nn.init.constant_(model.degradation.to_rgb.bias, -0.4)
    metadata = {"architecture": "lw-drgn", "config": config.model_dump(mode="json")}
    weights = save_weights(tmp_path / "drgn.safetensors", model, metadata)
    arguments = ("detect-prep", voc, "-o", tmp_path / "out", "--darken", "--darken-by", "lw-drgn")
    assert run_lle(*arguments, "--checkpoint", weights, "--variant", "both").code == 0
    dark, bright = (tmp_path / "out" / kind for kind in ("dark", "original"))
    assert boxes_of(dark) == boxes_of(bright)
    light = [
        np.mean([brightest(path) for path in (root / "images").rglob("*.jpg")]) for root in (dark, bright)
    ]
    assert light[0] < light[1] - 20


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("gone", "-o", "out"), "no such folder: 'gone'"),
        (("{src}", "-o", "{src}"), "input and output"),
        (("{src}", "-o", "{src}/out"), "lies inside"),
        (("{src}", "-o", "out", "--split", "a:b"), "is not a split"),
        (("{src}", "-o", "out", "--split", "official"), "imageclasslist.txt"),
        (("{src}", "-o", "out", "--darken", "--variant", "original"), "--darken has no effect with"),
        (("{src}", "-o", "out", "--darken", "--darken-strength", "9"), "is not a strength"),
        (("{src}", "-o", "out", "--classes", "gone.txt"), "gone.txt"),
        (("{src}/JPEGImages", "-o", "out"), "no annotations in"),
    ],
)
def test_what_makes_no_sense_is_refused(run_lle, voc, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    (voc / "train.txt").unlink()

    run = run_lle("detect-prep", *(text.format(src=voc) for text in arguments))

    assert run.code == 2
    assert reason in run.err
    assert not (tmp_path / "out").exists()


def test_quiet_prints_the_path_only(run_lle, voc, tmp_path):
    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "-q", *IDENTITY)

    assert (run.code, run.out, run.err) == (0, f"{tmp_path / 'out' / 'data.yaml'}\n", "")


def test_camera_files_get_a_format_that_trainers_read_and_keep_their_labels(run_lle, tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif")
    source = tmp_path / "in"
    for folder in ("images", "labels"):
        (source / folder).mkdir(parents=True)
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), (40, 30, 20))).save(source / "images" / "a.heic")
    (source / "labels" / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (source / "classes.txt").write_text("cat\n")

    run_lle(
        *("detect-prep", source, "-o", tmp_path / "out", "-m", "identity", "--variant", "both"),
        *("--link", "symlink"),
    )

    for variant in ("original", "enhanced"):
        root = tmp_path / "out" / variant
        assert (root / "labels" / "train" / "a.txt").read_text() == "0 0.5 0.5 0.5 0.5\n"
        with Image.open(root / "images" / "train" / "a.jpg") as image:
            assert image.size == (64, 48)
