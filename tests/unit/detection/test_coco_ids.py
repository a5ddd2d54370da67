"""Numbers in COCO results: which picture and which class they mean, or that it cannot be told."""

import json

import pytest

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import AnnotationError
from lowlight_cli.detection.predictions import GroundTruth, read_predictions

CLASSES = ("cat", "dog", "car", "bus")


def boxes(label: int) -> tuple[Box, ...]:
    return (Box(label, 10.0, 10.0, 30.0, 20.0),)


@pytest.fixture
def read(tmp_path):
    def run(truth, *ids):
        """Results by numbers of picture and category, each on the box of these tests."""
        rows = [
            {"image_id": image, "category_id": category, "bbox": [10, 10, 20, 10], "score": 0.5}
            for image, category in ids
        ]
        (tmp_path / "p.json").write_text(json.dumps(rows))
        return read_predictions(tmp_path / "p.json", truth, CLASSES)

    return run


def unnumbered(*labels: int) -> list[GroundTruth]:
    return [GroundTruth(f"night_{index}.jpg", (60, 40), boxes(label)) for index, label in enumerate(labels)]


@pytest.mark.parametrize(("images", "counts"), [((0, 1), [1, 1, 0]), ((1, 3), [1, 0, 1]), ((0,), [1, 0, 0])])
def test_pictures_are_counted_where_it_can_be_told_from_what(read, images, counts):
    found = read(unnumbered(0, 0, 0), *((image, 1) for image in images))

    assert [len(each) for each in found.by_image] == counts
    assert found.unknown == ()


@pytest.mark.parametrize("images", [(1,), (1, 2), (0, 3), (3, 17), (17,)])
def test_pictures_that_could_be_two_or_none_are_refused(read, images):
    with pytest.raises(AnnotationError, match=r"the labels of 3 images have no ids.*file_name"):
        read(unnumbered(0, 0, 0), *((image, 1) for image in images))


def test_categories_count_from_one_and_from_zero_where_there_is_one(read):
    truth = unnumbered(0, 1)

    from_one = read(truth, ("night_0", 1), ("night_1", 2)).by_image
    from_zero = read(truth, ("night_0", 0), ("night_1", 1)).by_image

    assert from_one == from_zero
    assert [row[0].box.label for row in from_one] == [0, 1]


def test_categories_from_zero_that_look_as_if_from_one_are_refused(read):
    with pytest.raises(AnnotationError, match=r"count from 0: 2 detections .* but 0 if"):
        read(unnumbered(1, 2), ("night_0", 1), ("night_1", 2))


def test_results_that_miss_every_box_are_taken_at_their_word(read):
    found = read(unnumbered(3, 3), ("night_0", 1), ("night_1", 2))

    assert [row[0].box.label for row in found.by_image] == [0, 1]
