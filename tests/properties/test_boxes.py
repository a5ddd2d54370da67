import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.detection.boxes import Box, turned_upright
from lowlight_cli.detection.class_names import ClassNames
from lowlight_cli.detection.coco import coco_content, read_coco
from lowlight_cli.detection.collection import AnnotationError, BoxSpace, Sample
from lowlight_cli.detection.exif_orientation import StoredSize, in_pixels, upright_boxes
from lowlight_cli.detection.files import AnnotationFile
from lowlight_cli.detection.label_rules import broken_rules, clean_boxes, label_text
from lowlight_cli.detection.voc import parse_voc, write_voc
from lowlight_cli.detection.yolo import parse_yolo

CLASSES = ("a", "b", "c")

# Plain numbers: the checks of types draw random numbers, which strategies must not.
sizes = st.tuples(st.integers(10, 4000), st.integers(10, 4000))
edges = st.floats(-100, 4100, allow_nan=False, width=32)
rows = st.lists(st.tuples(st.integers(0, 2), edges, edges, edges, edges), max_size=6)


def cleaned(rows, size) -> tuple[Box, ...]:
    return clean_boxes([Box(*row) for row in rows], *size).boxes


def assert_near(found: Box, wanted: Box, tolerance: float = 0.01) -> None:
    assert found.label == wanted.label
    assert found.edges == pytest.approx(wanted.edges, abs=tolerance)


@given(rows, sizes)
def test_yolo_gives_boxes_back(rows, size):
    boxes = cleaned(rows, size)
    text = label_text(boxes, *size)

    assert broken_rules(text, len(CLASSES)) == []
    found = in_pixels(parse_yolo(AnnotationFile(Path("a.txt"), text.encode()), len(CLASSES)), size)

    for box in boxes:
        assert any(
            box.label == other.label and other.edges == pytest.approx(box.edges, abs=0.01) for other in found
        )
    assert len(found) <= len(boxes)


@given(rows, sizes)
def test_voc_gives_boxes_back(rows, size):
    boxes = cleaned(rows, size)
    text = write_voc(Sample("a.jpg", Path("a.jpg"), boxes), size, CLASSES)

    found = parse_voc(AnnotationFile(Path("a.xml"), text.encode()), ClassNames(CLASSES), inclusive=False)

    assert found.stated_size == size
    assert found.boxes == boxes


@given(rows, sizes)
def test_coco_gives_boxes_back(tmp_path_factory, rows, size):
    boxes = cleaned(rows, size)
    folder = tmp_path_factory.mktemp("coco")
    (folder / "a.png").touch()
    (folder / "val.json").write_text(json.dumps(coco_content([("a.png", size, boxes)], CLASSES)))

    (sample,) = read_coco(folder).samples

    assert len(sample.boxes) == len(boxes)
    for found, wanted in zip(sample.boxes, boxes, strict=True):
        assert_near(found, wanted, 1e-6)


@given(rows, sizes)
def test_cleaned_boxes_break_no_rule(rows, size):
    done = clean_boxes([Box(*row) for row in rows], *size)

    assert len(done.boxes) + done.empty + done.repeated == len(rows)
    assert all(0 <= box.left < box.right <= size[0] for box in done.boxes)
    assert all(0 <= box.top < box.bottom <= size[1] for box in done.boxes)
    assert clean_boxes(done.boxes, *size).boxes == done.boxes
    assert broken_rules(label_text(done.boxes, *size), len(CLASSES)) == []


@given(rows, sizes, st.integers(1, 8))
def test_turned_boxes_stay_inside_and_keep_their_area(rows, size, orientation):
    width, height = size
    stored = StoredSize(width, height, orientation)

    for box in cleaned(rows, size):
        turned = turned_upright(box, orientation, width, height)
        across, down = stored.upright
        assert -1e-3 <= turned.left <= turned.right <= across + 1e-3
        assert -1e-3 <= turned.top <= turned.bottom <= down + 1e-3
        assert turned.width * turned.height == pytest.approx(box.width * box.height, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(
    ("space", "stated", "is_turned", "is_guess"),
    [
        (BoxSpace.RAW, None, True, False),
        (BoxSpace.UPRIGHT, None, False, False),
        (BoxSpace.BY_SIZE, (30, 20), True, False),
        (BoxSpace.BY_SIZE, (20, 30), False, False),
        (BoxSpace.BY_SIZE, None, True, True),
    ],
)
def test_the_stated_size_tells_which_way_up_boxes_are(space, stated, is_turned, is_guess):
    box = Box(0, 2.0, 10.0, 8.0, 18.0)
    sample = Sample("a.jpg", Path("a.jpg"), (box,), Path("a.xml"), stated_size=stated)

    done = upright_boxes(sample, StoredSize(30, 20, 6), space)

    # Orientation 6 turns by 90 degrees: rows become columns, counted from the other side.
    assert done.boxes[0].edges == ((2, 2, 10, 8) if is_turned else box.edges)
    assert done.is_guess is is_guess


def test_a_size_that_the_picture_has_in_no_position_is_refused():
    sample = Sample("a.jpg", Path("a.jpg"), (), Path("a.xml"), stated_size=(31, 20))

    with pytest.raises(AnnotationError, match=r"the annotation states 31x20, but a\.jpg has 30x20"):
        upright_boxes(sample, StoredSize(30, 20, 1), BoxSpace.BY_SIZE)
