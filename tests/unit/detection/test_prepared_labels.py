from dataclasses import replace
from pathlib import Path

import pytest

from lowlight_cli.detection.boxes import Box
from lowlight_cli.detection.collection import BoxSpace, Collection, Sample
from lowlight_cli.detection.detect_format import read_collection
from lowlight_cli.detection.exif_orientation import StoredSize
from lowlight_cli.detection.prepared_labels import official_shortfall, prepare_labels, stated_size
from lowlight_cli.errors import ImageError, UsageError


def sample(name: str, *boxes: Box, **more) -> Sample:
    return Sample(name, Path(name), boxes, Path(f"{name}.txt"), **more)


def collection(*samples: Sample, **more) -> Collection:
    return Collection("exdark", ("cat",), samples, BoxSpace.RAW, **more)


def upright(_: Sample) -> StoredSize:
    return StoredSize(48, 32)


def test_every_change_is_counted():
    boxes = (
        Box(0, 1.0, 1.0, 60.0, 20.0),
        Box(0, 1.0, 1.0, 60.0, 20.0),
        Box(0, 5.0, 5.0, 5.0, 9.0),
        Box(0, 2.0, 2.0, 4.0, 4.0),
    )

    done = prepare_labels(collection(sample("a.jpg", *boxes)), upright)

    assert (done.changes.clipped, done.changes.empty, done.changes.repeated) == (1, 1, 1)
    assert done.images[0].boxes == (Box(0, 1.0, 1.0, 48.0, 20.0), Box(0, 2.0, 2.0, 4.0, 4.0))
    assert done.images[0].split == "train"


def test_a_turned_picture_gets_turned_boxes():
    turned = prepare_labels(
        collection(sample("a.jpg", Box(0, 0.0, 0.0, 10.0, 4.0))), lambda _: StoredSize(48, 32, 6)
    )

    assert turned.images[0].size == (32, 48)
    assert turned.images[0].boxes[0].edges == (28, 0, 32, 10)
    assert (turned.changes.turned, turned.changes.guessed) == (1, 0)


def test_what_cannot_be_used_is_an_error_and_the_rest_goes_on():
    def measure(each: Sample) -> StoredSize:
        if each.name == "broken.jpg":
            raise ImageError("truncated", "the end is missing")
        return StoredSize(*((5, 40) if each.name == "thin.jpg" else (48, 32)))

    names = ("broken.jpg", "thin.jpg", "wrong.jpg", "good.jpg")
    samples = [sample(name) for name in names]
    samples[2] = replace(samples[2], stated_size=(10, 10))

    done = prepare_labels(collection(*samples), measure)

    assert [each.file for each in done.images] == ["good.jpg"]
    reasons = [str(error) for error in done.errors]
    assert [
        part in reason for part, reason in zip(("end is missing", "too small", "10x10"), reasons, strict=True)
    ]
    assert all(name in reason for name, reason in zip(names, reasons, strict=False))


def test_pictures_without_annotation_are_kept_only_if_asked():
    found = collection(sample("a.jpg"), without_annotation=(Sample("b.jpg", Path("b.jpg"), (), split="val"),))

    assert len(prepare_labels(found, upright).images) == 1
    kept = prepare_labels(found, upright, keep_unlabelled=True).images[1]
    assert (kept.boxes, kept.split) == ((), "val")


def test_an_official_split_needs_every_picture_in_it():
    with pytest.raises(UsageError, match=r"'b\.jpg'"):
        prepare_labels(collection(sample("a.jpg", split="val"), sample("b.jpg")), upright, split="official")


def test_a_limit_holds_for_each_split():
    samples = [sample(f"{split}{index}.jpg", split=split) for split in ("val", "test") for index in range(3)]

    done = prepare_labels(collection(*samples), upright, limit=2)

    assert [each.file for each in done.images] == ["val0.jpg", "val1.jpg", "test0.jpg", "test1.jpg"]
    assert official_shortfall(done.images)["val"] == (2, 1800)


def test_annotations_can_do_without_their_pictures(tmp_path):
    (tmp_path / "2015_00001.png.xml").write_text(
        "<annotation><filename>2015_00001</filename><size><width>48</width><height>32</height></size>"
        "<object><name>Dog</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
        "</object></annotation>"
    )

    assert read_collection(tmp_path, None).samples == ()
    found = read_collection(tmp_path, None, needs_images=False)

    (labelled,) = prepare_labels(found, stated_size).images
    assert (labelled.file, labelled.size) == ("2015_00001.png", (48, 32))
