import contextlib
import io
import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.detection.average_precision import score_detections
from lowlight_cli.detection.boxes import Box, overlap_of
from lowlight_cli.detection.coco import coco_content
from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.matching import join_images, match
from lowlight_cli.detection.predictions import Detection, GroundTruth, read_predictions
from lowlight_cli.errors import UnavailableError

CLASSES = ("cat", "dog", "cow", "none")


def make_set(seed: int, pictures: int = 40):
    """Pictures with up to six boxes, some of them crowds, some pictures empty; detections that shake."""
    random = np.random.default_rng(seed)
    truth, found = [], []
    for index in range(pictures):
        boxes = []
        for _ in range(random.integers(0, 7)):
            left, top, width, height = random.uniform((0, 0, 5, 5), (400, 300, 220, 160))
            boxes.append(
                Box(
                    int(random.integers(0, 3)),
                    left,
                    top,
                    left + width,
                    top + height,
                    crowd=bool(random.random() < 0.1),
                )
            )
        truth.append(GroundTruth(f"{index}.jpg", (640, 480), tuple(boxes)))
        shaken = [shake(box, random) for box in boxes if random.random() < 0.85]
        strays = [shake(Box(int(random.integers(0, 3)), 10.0, 10.0, 90.0, 70.0), random)] * int(
            random.integers(0, 2)
        )
        found.append(tuple(Detection(box, float(random.random())) for box in shaken + strays))
    return truth, found


def shake(box: Box, random: np.random.Generator) -> Box:
    left, top, right, bottom = np.array(box.edges) + random.normal(0, 6, 4)
    return Box(box.label, float(left), float(top), float(max(right, left + 1)), float(max(bottom, top + 1)))


def by_pycocotools(truth, found):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        wanted = COCO()
        wanted.dataset = coco_content([(each.name, each.size, each.boxes) for each in truth], CLASSES)
        wanted.createIndex()
        results = [
            {
                "image_id": index + 1,
                "category_id": each.box.label + 1,
                "bbox": [each.box.left, each.box.top, each.box.width, each.box.height],
                "score": each.score,
            }
            for index, row in enumerate(found)
            for each in row
        ]
        evaluator = COCOeval(wanted, wanted.loadRes(results), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator


@pytest.mark.parametrize("seed", range(4))
def test_scores_equal_those_of_pycocotools(seed):
    truth, found = make_set(seed)
    reference = by_pycocotools(truth, found)

    scores = score_detections(truth, found, CLASSES)

    ours = (scores.map, scores.map50, scores.map75, scores.small, scores.medium, scores.large)
    assert ours == pytest.approx(reference.stats[:6].tolist(), abs=1e-6)
    assert scores.recall == pytest.approx(float(reference.stats[8]), abs=1e-6)
    precision = reference.eval["precision"]
    for index, name in enumerate(CLASSES[:3]):
        assert scores.classes[name].ap50 == pytest.approx(precision[0, :, index, 0, -1].mean(), abs=1e-6)
    assert scores.classes["none"].ap is None


@pytest.mark.parametrize("overlap_index", [0, 5, 9])
def test_our_matching_equals_that_of_pycocotools(overlap_index):
    truth, found = make_set(7)
    precision = by_pycocotools(truth, found).eval["precision"]

    for label in range(3):
        parts = [
            match(picture, row, label, 0.5 + 0.05 * overlap_index)
            for picture, row in zip(truth, found, strict=True)
        ]
        assert join_images(parts).average_precision() == pytest.approx(
            precision[overlap_index, :, label, 0, -1].mean(), abs=1e-6
        )


def test_perfect_detections_score_one():
    truth, _ = make_set(1)
    found = [tuple(Detection(box, 0.5) for box in each.boxes if not box.crowd) for each in truth]

    scores = score_detections(truth, found, CLASSES)

    assert scores.map == pytest.approx(1.0)
    assert scores.classes["cat"].pictures <= len(truth)


def test_no_detection_scores_zero():
    truth, _ = make_set(1)

    assert score_detections(truth, [() for _ in truth], CLASSES).map == 0.0


def test_a_shift_counts_at_the_overlaps_it_leaves():
    # Shifted by a fifth of its width a box keeps 0.8 / 1.2 = 0.667 of the union: four of ten overlaps.
    truth = [GroundTruth("a.jpg", (640, 480), (Box(0, 100.0, 100.0, 200.0, 200.0),))]
    found = [(Detection(Box(0, 120.0, 100.0, 220.0, 200.0), 0.9),)]

    scores = score_detections(truth, found, CLASSES)

    assert (scores.map, scores.map50, scores.map75) == pytest.approx((0.4, 1.0, 0.0))


def test_without_an_evaluator_the_remedy_is_told(monkeypatch):
    for name in ("faster_coco_eval", "pycocotools.coco", "pycocotools.cocoeval"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(UnavailableError, match=r"lowlight-cli\[detect\]"):
        score_detections([GroundTruth("a.jpg", (10, 10), ())], [()], CLASSES)


@given(st.integers(0, 50), st.floats(0.1, 1.0))
def test_order_and_scale_of_scores_do_not_count(seed, scale):
    truth, found = make_set(seed, 6)
    order = np.random.default_rng(seed).permutation(6)

    def score(truth, found):
        parts = [match(picture, row, 0, 0.5) for picture, row in zip(truth, found, strict=True)]
        return join_images(parts).average_precision()

    scaled = [tuple(Detection(each.box, each.score * scale) for each in row) for row in found]
    assert score(truth, found) == score([truth[i] for i in order], [scaled[i] for i in order])


def test_overlap_of_boxes():
    one, other = Box(0, 0.0, 0.0, 10.0, 10.0), Box(0, 5.0, 0.0, 15.0, 10.0)

    assert overlap_of(one, other) == pytest.approx(1 / 3)
    assert overlap_of(one, other, of_first=True) == pytest.approx(1 / 2)
    assert overlap_of(one, Box(0, 10.0, 0.0, 20.0, 10.0)) == 0.0


@pytest.fixture
def truth():
    return [
        GroundTruth("a.jpg", (100, 50), (Box(1, 10.0, 10.0, 30.0, 20.0),)),
        GroundTruth("B.png", (10, 10), ()),
    ]


def test_texts_are_read(tmp_path, truth):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("1 0.2 0.3 0.2 0.2 0.75\n")
    (tmp_path / "labels" / "stranger.txt").write_text("")

    found = read_predictions(tmp_path, truth, CLASSES)

    (detection,) = found.by_image[0]
    assert detection.box.edges == pytest.approx((10, 10, 30, 20))
    assert detection.score == 0.75
    assert (found.missing, len(found.unknown)) == (1, 1)


@pytest.mark.parametrize(("image_id", "category"), [("a", 1), ("x/a.jpg", 1), (0, 1)])
def test_coco_results_are_read(tmp_path, truth, image_id, category):
    rows = [
        {"image_id": image_id, "category_id": category, "bbox": [10, 10, 20, 10], "score": 0.5},
        {"image_id": "b", "category_id": 4, "bbox": [1, 1, 2, 2], "score": 0.1},
        {"image_id": "nobody", "category_id": 4, "bbox": [1, 1, 2, 2], "score": 0.1},
    ]
    (tmp_path / "predictions.json").write_text(json.dumps(rows))

    found = read_predictions(tmp_path / "predictions.json", truth, CLASSES)

    assert found.by_image[0][0].box == Box(0, 10.0, 10.0, 30.0, 20.0)
    assert found.by_image[1][0].box.label == 3
    assert found.unknown == ("nobody",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 0.2 0.3 0.2 0.2\n", "save_conf=True"),
        ("\n4 0.2 0.3 0.2 0.2 0.5\n", r"a\.txt:2: unknown class 4"),
        ("1 0.2 nan 0.2 0.2 0.5\n", "not a number"),
        ("1 0.2 0.3 0.2 0.2 1.5\n", "the score 1.5 is not between 0 and 1"),
    ],
)
def test_broken_texts_are_named(tmp_path, truth, text, reason):
    (tmp_path / "a.txt").write_text(text)

    with pytest.raises(AnnotationError, match=reason):
        read_predictions(tmp_path, truth, CLASSES)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", ":1: not JSON"),
        ("{}", "not a JSON list of results"),
        (
            '[{"image_id": "a", "category_id": 9, "bbox": [1, 1, 1, 1], "score": 1}]',
            "not fit 4 classes: 9",
        ),
        ('[{"image_id": "a", "category_id": 1, "bbox": [1, 1, 1], "score": 1}]', r"\[0\]: a result needs"),
        ('[{"image_id": "a", "category_id": 1, "bbox": [1, 1, 1, null], "score": 1}]', "not a number"),
    ],
)
def test_broken_results_are_named(tmp_path, truth, text, reason):
    (tmp_path / "p.json").write_text(text)

    with pytest.raises(AnnotationError, match=reason):
        read_predictions(tmp_path / "p.json", truth, CLASSES)


def test_a_place_without_predictions_is_named(tmp_path, truth):
    with pytest.raises(AnnotationError, match="no predictions"):
        read_predictions(tmp_path / "gone", truth, CLASSES)


def test_numbers_of_coco_results_are_those_of_the_labels(tmp_path):
    truth = [
        GroundTruth("c.jpg", (60, 40), (), 30),
        GroundTruth("a.jpg", (60, 40), (), 1),
        GroundTruth("b.jpg", (60, 40), (), 2),
    ]
    rows = [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]
    (tmp_path / "p.json").write_text(json.dumps(rows))

    found = read_predictions(tmp_path / "p.json", truth, CLASSES)

    assert [len(each) for each in found.by_image] == [0, 1, 0]


@pytest.mark.parametrize("change", [{"image_id": [1]}, {"category_id": [1]}, {"category_id": None}])
def test_results_with_nonsense_for_an_id_are_named(tmp_path, change):
    row = {"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
    (tmp_path / "p.json").write_text(json.dumps([row, row | change]))

    with pytest.raises(AnnotationError, match=r"p\.json:\[1\]: a result needs"):
        read_predictions(tmp_path / "p.json", [GroundTruth("a.jpg", (60, 40), ())], CLASSES)


def test_stems_that_are_numbers_are_taken_where_numbers_of_the_labels_do_not_fit(tmp_path):
    truth = [GroundTruth("139.jpg", (60, 40), (), 1), GroundTruth("7.jpg", (60, 40), (), 2)]
    rows = [{"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]
    (tmp_path / "p.json").write_text(json.dumps(rows))

    found = read_predictions(tmp_path / "p.json", truth, CLASSES)

    assert [len(each) for each in found.by_image] == [0, 1]
