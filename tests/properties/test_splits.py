"""Splits of a detection dataset: sizes, order, and what a small dataset gets."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lowlight_cli.detection.collection import SPLITS, Sample
from lowlight_cli.detection.splits import (
    by_shares,
    fair_sizes,
    parse_shares,
    sizes_of,
    split_warnings,
)
from lowlight_cli.errors import UsageError


def samples_named(count: int) -> list[Sample]:
    return [Sample(f"{index}.jpg", Path(f"{index}.jpg"), ()) for index in range(count)]


parts = st.integers(0, 9)
shares_text = st.tuples(parts, parts, parts).filter(any).map(lambda each: ":".join(map(str, each)))


@given(shares_text, st.integers(0, 150), st.integers(0, 5))
def test_val_is_never_empty_while_test_has_images_and_train_has_one(text, count, seed):
    shares = parse_shares(text)

    sizes = sizes_of([each.split for each in by_shares(samples_named(count), shares, seed)])

    assert sum(sizes.values()) == count
    if count and shares[0]:
        assert sizes.get("train")
    if shares[1] and sizes.get("test"):
        assert sizes.get("val")
    for split, share in zip(SPLITS, shares, strict=True):
        assert share or not sizes.get(split)


@given(shares_text, st.integers(0, 60), st.integers(0, 5), st.randoms(use_true_random=False))
def test_the_order_of_images_does_not_matter(text, count, seed, random):
    samples = samples_named(count)
    dealt = {each.name: each.split for each in by_shares(samples, parse_shares(text), seed)}
    random.shuffle(samples)

    again = by_shares(samples, parse_shares(text), seed)

    assert [each.name for each in again] == [each.name for each in samples]
    assert {each.name: each.split for each in again} == dealt


@given(shares_text, st.integers(0, 1000))
def test_sizes_are_within_one_of_the_shares_where_each_split_can_have_one(text, count):
    shares = parse_shares(text)
    assume(all(not share or count * share >= 1 for share in shares))

    sizes = fair_sizes(count, shares)

    assert all(abs(size - count * share) < 1 for size, share in zip(sizes, shares, strict=True))


@pytest.mark.parametrize(
    ("text", "count", "sizes"),
    [
        ("8:1:1", 1, (1, 0, 0)),
        ("8:1:1", 3, (3, 0, 0)),
        ("8:1:1", 5, (4, 1, 0)),
        ("8:1:1", 10, (8, 1, 1)),
        ("8:1:1", 21, (17, 2, 2)),
        ("8:2", 4, (3, 1, 0)),
        ("1:5:5", 1, (1, 0, 0)),
        ("1:5:5", 2, (1, 1, 0)),
        ("5:1:4", 2, (1, 1, 0)),
        ("8:0:2", 5, (4, 0, 1)),
        ("0:1:1", 3, (0, 2, 1)),
    ],
)
def test_small_datasets_get_the_largest_remainder(text, count, sizes):
    assert fair_sizes(count, parse_shares(text)) == sizes

    dealt = sizes_of([each.split for each in by_shares(samples_named(count), parse_shares(text), 0)])

    assert tuple(dealt.get(split, 0) for split in SPLITS) == sizes


@pytest.mark.parametrize("seed", [0, 1])
def test_shares_are_kept_and_no_image_moves_when_others_come(seed):
    samples = samples_named(500)

    dealt = by_shares(samples, parse_shares("8:1:1"), seed)

    counts = [sum(sample.split == split for sample in dealt) for split in SPLITS]
    assert counts == pytest.approx([400, 50, 50], abs=30)
    assert by_shares(samples[:100], parse_shares("8:1:1"), seed) == dealt[:100]


@pytest.mark.parametrize("text", ["", "8", "8:x", "0:0:0", "-1:2:1", "1:2:3:4", "nan:1:1"])
def test_what_is_no_split_is_refused(text):
    with pytest.raises(UsageError, match="is not a split"):
        parse_shares(text)


@pytest.mark.parametrize(
    ("sizes", "split", "format_name", "warnings"),
    [
        ({"train": 5}, "keep", "yolo", ["no val split: val points at train; use --split 8:1:1"]),
        ({"train": 4, "test": 1}, "keep", "yolo", ["no val split: val points at test; use --split 8:1:1"]),
        ({"val": 4}, "keep", "yolo", ["no train split: train points at val; use --split 8:1:1"]),
        (
            {"train": 5},
            "keep",
            "coco",
            ["no val split: annotations/instances_val.json is not written; use --split 8:1:1"],
        ),
        (
            {"train": 5},
            "keep",
            "voc",
            ["no val split: ImageSets/Main/val.txt is not written; use --split 8:1:1"],
        ),
        ({"train": 4, "val": 1}, "keep", "yolo", []),
        ({"train": 4, "val": 1}, "8:2", "yolo", []),
        (
            {"train": 4, "val": 1},
            "8:1:1",
            "yolo",
            ["no test split: --split 8:1:1 of 5 images leaves none"],
        ),
        (
            {"train": 1},
            "8:2",
            "yolo",
            ["no val split: val points at train; --split 8:2 of 1 image leaves none"],
        ),
        ({}, "keep", "yolo", []),
    ],
)
def test_empty_splits_that_a_trainer_needs_or_that_were_asked_for_are_named(
    sizes, split, format_name, warnings
):
    assert list(split_warnings(sizes, split, format_name)) == warnings
