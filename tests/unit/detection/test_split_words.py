"""A split is a whole word in the name of a COCO file."""

from pathlib import Path

import pytest

from lowlight_cli.detection.split_words import split_named


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("annotations/instances_val2017.json", "val"),
        ("annotations/instances_train.json", "train"),
        ("annotations/image_info_test-dev2017.json", "test"),
        ("annotations/instancesTrain2017.json", "train"),
        ("annotations/TEST.json", "test"),
        ("annotations/validation.json", "val"),
        ("annotations/instances_testing.json", "test"),
        ("annotations/instances_minival2014.json", "val"),
        ("valid/_annotations.coco.json", "val"),
        ("valid/latest.json", "val"),
        ("annotations/latest.json", None),
        ("contest/interval.json", None),
        ("trains/constrained_retrain.json", None),
        ("évaluation/préval.json", None),
    ],
)
def test_a_split_is_a_whole_word(path, split):
    assert split_named(Path(path)) == split
