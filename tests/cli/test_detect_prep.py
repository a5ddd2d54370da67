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

IDENTITY = ("--model", "identity")
XML = (
    "<annotation><filename>{name}</filename><size><width>{width}</width><height>{height}</height></size>"
    "<object><name>Dog</name><bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox>"
    "</object></annotation>"
)
THING = (10, 6, 34, 18)
"""Left, top, right, bottom of a bright thing on the rows as stored."""


def write_turned(path: Path, orientation: int, size=(60, 40)) -> None:
    """A dark picture with one bright thing, and its annotation on the rows as stored."""
    pixels = np.full((size[1], size[0], 3), 8, np.uint8)
    left, top, right, bottom = THING
    pixels[top:bottom, left:right] = 190
    exif = Image.Exif()
    exif[0x0112] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, exif=exif, quality=98, subsampling=0)
    annotation = path.parents[1] / "Annotations" / f"{path.stem}.xml"
    annotation.parent.mkdir(exist_ok=True)
    annotation.write_text(XML.format(*THING, name=path.name, width=size[0], height=size[1]))


@pytest.fixture
def voc(tmp_path):
    """Eight pictures, one in each EXIF orientation, three of them for tests."""
    for orientation in range(1, 9):
        write_turned(tmp_path / "src" / "JPEGImages" / f"{orientation}.jpg", orientation)
    (tmp_path / "src" / "train.txt").write_text("1.jpg\n2.jpg\n3.jpg\n4.jpg\n5.jpg\n")
    (tmp_path / "src" / "test.txt").write_text("6.jpg\n7.jpg\n8.jpg\n")
    return tmp_path / "src"


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


@pytest.mark.parametrize("form", ["yolo", "coco", "voc"])
def test_a_source_without_a_split_is_warned_about(run_lle, voc, tmp_path, form):
    (voc / "train.txt").unlink()
    (voc / "test.txt").unlink()

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--to", form, *IDENTITY)
    split = run_lle("detect-prep", voc, "-o", tmp_path / "out", "--to", form, "--split", "6:1:1", *IDENTITY)

    assert (run.code, split.code) == (0, 0)
    (warning,) = [line for line in run.err.splitlines() if line.startswith("lle: warning:")]
    assert warning.startswith("lle: warning: no val split: ")
    assert warning.endswith("; use --split 8:1:1")
    assert "warning" not in split.err
    assert "train 6, val 1, test 1" in split.err
    if form == "yolo":
        assert "val points at train" in warning


def test_a_split_that_loses_its_images_to_failures_is_warned_about(run_lle, voc, tmp_path):
    (voc / "test.txt").rename(voc / "val.txt")
    for index in (6, 7, 8):
        path = voc / "JPEGImages" / f"{index}.jpg"
        path.write_bytes(path.read_bytes()[:-80])

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", *IDENTITY)

    assert run.code == 3
    assert "no val split: val points at train" in run.err
    content = yaml.safe_load((tmp_path / "out" / "data.yaml").read_text())
    assert content["val"] == "images/train"


@pytest.mark.parametrize("form", ["yolo", "coco", "voc"])
def test_own_previews_and_reports_are_passed_over(run_lle, voc, tmp_path, form):
    run_lle("detect-prep", voc, "-o", tmp_path / "out", "--to", form, *IDENTITY)
    assert (tmp_path / "out" / "preview_train.jpg").is_file()

    run = run_lle("detect-prep", tmp_path / "out", "-o", tmp_path / "again", "--keep-unlabelled", *IDENTITY)

    assert run.code == 0
    assert f"{form}: 8 images" in run.err
    assert "without annotation" not in run.err
    assert not list((tmp_path / "again" / "images").rglob("preview_*"))


def test_an_image_that_is_only_named_like_a_preview_is_kept(run_lle, voc, tmp_path):
    for folder, suffix in (("JPEGImages", ".jpg"), ("Annotations", ".xml")):
        (voc / folder / f"1{suffix}").rename(voc / folder / f"preview_train{suffix}")

    run = run_lle("detect-prep", voc, "-o", tmp_path / "out", *IDENTITY)

    assert run.code == 0
    assert (tmp_path / "out" / "images" / "train" / "preview_train.jpg").is_file()


@pytest.mark.parametrize(
    ("form", "listing"), [("coco", "annotations/instances_val.json"), ("voc", "ImageSets/Main/val.txt")]
)
def test_lists_and_previews_of_a_split_that_is_gone_are_removed(run_lle, voc, tmp_path, form, listing):
    out = tmp_path / "out"
    run_lle("detect-prep", voc, "-o", out, "--to", form, "--split", "6:2", *IDENTITY)
    assert (out / listing).is_file()
    assert (out / "preview_val.jpg").is_file()

    run_lle("detect-prep", voc, "-o", out, "--to", form, *IDENTITY)

    assert not (out / listing).exists()
    assert not (out / "preview_val.jpg").exists()
    assert (out / "preview_test.jpg").is_file()


def test_both_variants_in_place_of_one_leave_nothing_of_it(run_lle, voc, tmp_path):
    out = tmp_path / "out"
    run_lle("detect-prep", voc, "-o", out, *IDENTITY)
    assert (out / "data.yaml").is_file()

    both = run_lle("detect-prep", voc, "-o", out, "--variant", "both", *IDENTITY)

    assert both.code == 0
    assert not [name for name in ("data.yaml", "classes.txt", "images", "labels") if (out / name).exists()]
    one = run_lle("detect-prep", voc, "-o", out, *IDENTITY)
    assert one.code == 0
    assert not (out / "original").exists()
    assert not (out / "enhanced" / "data.yaml").exists()
    assert len(read_collection(out, None).samples) == 8


def test_a_folder_of_both_variants_is_no_source(run_lle, voc, tmp_path):
    run_lle("detect-prep", voc, "-o", tmp_path / "both", "--variant", "both", *IDENTITY)

    run = run_lle("detect-prep", tmp_path / "both", "-o", tmp_path / "out", *IDENTITY)

    assert (run.code, run.out) == (2, "")
    assert run.err == f"lle: error: '{tmp_path / 'both'}' holds original/ and enhanced/: name one\n"
    assert not (tmp_path / "out").exists()


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
