"""``lle detect-eval``: detectors side by side."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import Sample
from lowlight_cli.detection.export import LabelledImage, export_labels, image_path

CLASSES = ("Bicycle", "Car", "Cat")


@pytest.fixture
def labels(tmp_path, make_picture):
    """Twelve pictures with two boxes each, no cat among them."""
    folder, pictures = tmp_path / "set", []
    for index in range(12):
        left = float(index)
        boxes = (Box(0, left, 2.0, left + 14.0, 12.0), Box(1, left + 20.0, 10.0, left + 34.0, 30.0))
        sample = Sample(f"{index}.png", Path(f"{index}.png"), boxes, split="test")
        pictures.append(LabelledImage(sample, sample.name, (48, 32), boxes))
        make_picture(folder / image_path("yolo", pictures[-1]))
    export_labels("yolo", folder, pictures, CLASSES, portable=True)
    return folder


def predict(labels, folder, *, shift=0.0, share=1.0):
    """Texts of a detector that sees a share of the boxes, shifted to the right by a part of the picture."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for path in sorted((labels / "labels" / "test").glob("*.txt")):
        lines = []
        for line in path.read_text().splitlines():
            label, x, *rest = line.split()
            if random.random() < share:
                lines.append(f"{label} {float(x) + shift} {' '.join(rest)} {random.random():.4f}")
        (folder / path.name).write_text("\n".join(lines))
    return folder


def test_perfect_and_poor_detectors_stand_side_by_side(run_lle, labels, tmp_path):
    good, poor = predict(labels, tmp_path / "good"), predict(labels, tmp_path / "poor", share=0.5)

    run = run_lle("detect-eval", labels, "--pred", f"poor={poor}", "--pred", f"good={good}", "--json")

    assert run.code == 0
    document = json.loads(run.out)
    first, second = document["methods"]
    assert (first["name"], second["name"]) == ("poor", "good")
    assert second["summary"]["map50"] == pytest.approx(1.0)
    assert 0.3 < first["summary"]["map50"] < 0.7
    assert second["difference"]["value"] == pytest.approx(1 - first["summary"]["map50"], abs=1e-6)
    assert second["difference"]["low"] > 0
    assert second["classes"]["Car"] == {"ap": 1.0, "ap50": 1.0, "boxes": 12, "pictures": 12}
    assert second["classes"]["Cat"]["ap50"] is None
    assert (document["n"], document["split"]) == (12, "test")


def test_the_table_has_a_column_for_each_class(run_lle, labels, tmp_path):
    run = run_lle("detect-eval", labels, "--pred", f"good={predict(labels, tmp_path / 'good')}")

    assert run.code == 0
    assert all(head in run.out for head in ("Bicycle", "Car", "mAP50", "100.00"))
    assert "no boxes in this split: Cat" in run.out
    assert "yolo: 12 images" in run.err


@pytest.mark.parametrize("form", ["plain", "md", "latex", "latex-rows", "csv", "jsonl"])
def test_each_form_names_every_detector(run_lle, labels, tmp_path, form):
    good = predict(labels, tmp_path / "good")

    run = run_lle("detect-eval", labels, "--pred", f"a={good}", "--pred", f"b={good}", "--format", form)

    assert run.code == 0
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(run.out)))
        assert {row["method"] for row in rows} == {"a", "b"}
        assert [row["ap50"] for row in rows if row["class"] == "all"] == ["1.0", "1.0"]
    elif form == "jsonl":
        assert [json.loads(line)["name"] for line in run.out.splitlines()] == ["a", "b"]
    else:
        assert "100.00" in run.out


def test_quiet_prints_results_only_and_the_report_is_written(run_lle, labels, tmp_path):
    good = predict(labels, tmp_path / "good")

    run = run_lle("detect-eval", labels, "--pred", good, "-q", "--report", tmp_path / "r.md")

    assert (run.code, run.err) == (0, "")
    assert "100.00" in run.out
    assert "| good |" in (tmp_path / "r.md").read_text()


def test_a_limit_that_is_passed_ends_with_ten(run_lle, labels, tmp_path):
    poor = predict(labels, tmp_path / "poor", share=0.5)

    run = run_lle("detect-eval", labels, "--pred", poor, "--fail-under", "map50=0.9")

    assert run.code == 10
    assert "map50 of poor is 0." in run.err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("--pred", "gone"), 2, "no such predictions: 'gone'"),
        (("--pred", "{good}", "--pred", "{good}"), 2, "two predictions are named 'good'"),
        (("--pred", "{good}", "--fail-under", "psnr=3"), 2, "unknown score"),
        (
            ("--pred", "{good}", "--split", "train"),
            2,
            "no images in the split 'train'; splits with images: test",
        ),
        (("--pred", "{good}", "--report", "a.pdf"), 2, "has no report extension; use one of"),
        (("--pred", "{empty}"), 3, "no predictions"),
    ],
)
def test_what_makes_no_sense_is_one_line(run_lle, labels, tmp_path, arguments, code, reason):
    (tmp_path / "empty").mkdir()
    places = {"good": predict(labels, tmp_path / "good"), "empty": tmp_path / "empty"}

    run = run_lle("detect-eval", labels, *(text.format(**places) for text in arguments))

    assert run.code == code
    (line,) = [line for line in run.err.splitlines() if line.startswith("lle: error:")]
    assert reason in line


def test_a_broken_label_is_named_and_the_rest_is_scored(run_lle, labels, tmp_path):
    good = predict(labels, tmp_path / "good")
    (labels / "labels" / "test" / "3.txt").write_text("7 0.5 0.5 0.1 0.1\n")

    run = run_lle("detect-eval", labels, "--pred", good, "--json")

    assert run.code == 3
    assert "3.txt:1: unknown class 7" in run.err
    assert json.loads(run.out)["n"] == 11


@pytest.mark.parametrize("processed", ["enhanced", "dark"])
def test_a_folder_of_both_variants_is_refused_and_each_alone_is_scored(run_lle, labels, tmp_path, processed):
    both = tmp_path / "both"
    good = predict(labels, tmp_path / "good")
    for variant in ("original", processed):
        shutil.copytree(labels, both / variant)

    run = run_lle("detect-eval", both, "--pred", good)

    assert (run.code, run.out) == (2, "")
    assert run.err == f"lle: error: '{both}' holds original/ and {processed}/: name one\n"
    alone = run_lle("detect-eval", both / processed, "--pred", good, "--json")
    assert (alone.code, json.loads(alone.out)["n"]) == (0, 12)


@pytest.mark.parametrize("form", ["text", "coco"])
def test_predictions_of_which_none_fits_end_with_four(run_lle, labels, tmp_path, form):
    good = predict(labels, tmp_path / "good")
    for path in list(good.iterdir()):
        path.rename(good / f"night_{path.name}")
    if form == "coco":
        row = {"category_id": 1, "bbox": [0, 0, 9, 9], "score": 0.5}
        rows = [row | {"image_id": f"night_{index}"} for index in range(3)]
        good = tmp_path / "good.json"
        good.write_text(json.dumps(rows))

    run = run_lle("detect-eval", labels, "--pred", good)

    assert (run.code, run.out) == (4, "")
    (line,) = [line for line in run.err.splitlines() if line.startswith("lle: error:")]
    assert "fits a labeled image" in line
    assert "'night_0" in line
    assert "'0.png'" in line


def test_predictions_that_fit_in_part_are_counted(run_lle, labels, tmp_path):
    good = predict(labels, tmp_path / "good")
    for index in (2, 5):
        (good / f"{index}.txt").rename(good / f"night_{index}.txt")

    run = run_lle("detect-eval", labels, "--pred", good)

    assert run.code == 0
    warning = "lle: warning: good: 2 of 12 images with predictions have no labels here, the first is "
    assert warning in run.err
    assert "night_2.txt" in run.err
    assert "none for 2 images" in run.out


def test_a_detector_without_detections_is_scored(run_lle, labels, tmp_path):
    (tmp_path / "none.json").write_text("[]")

    run = run_lle("detect-eval", labels, "--pred", tmp_path / "none.json", "--json")

    assert (run.code, json.loads(run.out)["methods"][0]["summary"]["map50"]) == (0, 0.0)


def test_own_previews_are_not_scored_as_images_without_boxes(run_lle, labels, tmp_path):
    good = predict(labels, tmp_path / "good")
    made = tmp_path / "made"
    run_lle("detect-prep", labels, "-o", made, "--to", "coco", "-m", "identity", "--device", "cpu")
    assert (made / "preview_test.jpg").is_file()

    run = run_lle("detect-eval", made, "--pred", good, "--split", "all", "--json")

    assert (run.code, json.loads(run.out)["n"]) == (0, 12)
