"""Metadata is copied from each format to every other, tag by tag, as Pillow reads it."""

import hashlib
from io import BytesIO

import pytest
from PIL import Image, IptcImagePlugin

from lowlight_cli.images.choices import MetadataPolicy
from lowlight_cli.images.metadata.attach import attach_metadata, fit_metadata
from lowlight_cli.images.metadata.policy import Metadata, limit_metadata, mark
from lowlight_cli.images.metadata.read import read_metadata
from tests.unit.images.photos import MAKER_NOTE, RECORDS, THUMBNAIL, blank, make_photo

SOURCES = ["jpg", "png", "webp", "tiff", "avif"]
TARGETS = ["jpg", "png", "webp", "tiff"]
WIDTH, HEIGHT = 32, 48


def read(photo):
    return read_metadata(photo.data, photo.image, WIDTH, HEIGHT)


def written(metadata, format_name):
    """A file with the metadata, opened by Pillow, and its bytes."""
    data = attach_metadata(blank(format_name), format_name, metadata)
    image = Image.open(BytesIO(data))
    image.load()
    return image, data


def tags(image):
    """All EXIF tags except those of pixel storage, as plain values, by directory and number."""
    exif = image.getexif()
    layout = {
        254,
        256,
        257,
        258,
        259,
        262,
        273,
        277,
        278,
        279,
        284,
        317,
        339,
        700,
        33723,
        34377,
        0x8769,
        0x8825,
    }
    found = {("main", tag): str(value) for tag, value in exif.items() if tag not in layout}
    for directory in (0x8769, 0x8825):
        found |= {(directory, tag): str(value) for tag, value in exif.get_ifd(directory).items()}
    return found


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_every_tag_arrives_but_for_orientation_and_size(source, target, order):
    photo = make_photo(source, order=order)
    metadata, warnings = read(photo)
    assert warnings == ()
    changed = {("main", 274): "1", (0x8769, 0xA002): str(WIDTH), (0x8769, 0xA003): str(HEIGHT)}
    before = tags(photo.image)
    assert len(before) >= 20
    assert tags(written(metadata, target)[0]) == before | changed


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_no_picture_of_the_dark_photo_is_left(source, target):
    photo = make_photo(source)
    assert THUMBNAIL in photo.data or source in ("tiff", "avif")
    image, data = written(read(photo)[0], target)
    assert b"THUMBNAIL" not in data
    assert not image.getexif().get_ifd(1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("source", SOURCES)
def test_the_copy_stands_upright(source, orientation):
    metadata, _ = read(make_photo(source, orientation))
    assert written(metadata, "jpg")[0].getexif()[274] == 1
    assert b'tiff:Orientation="1"' in metadata.xmp


@pytest.mark.parametrize("source", ["jpg", "png", "webp"])
def test_maker_notes_stay_where_they_were_in_the_block(source):
    photo = make_photo(source)
    before = photo.image.info["exif"].removeprefix(b"Exif\0\0")
    after = read(photo)[0].exif.removeprefix(b"Exif\0\0")
    assert after.index(MAKER_NOTE) == before.index(MAKER_NOTE)


@pytest.mark.parametrize("target", TARGETS)
def test_safe_metadata_tell_neither_place_nor_person(target):
    metadata = limit_metadata(read(make_photo("jpg"))[0], MetadataPolicy.SAFE)
    image, data = written(metadata, target)
    exif = image.getexif()
    assert not exif.get_ifd(0x8825)
    assert (exif[315], exif[33432], exif[271]) == ("An Artist", "(c) An Artist", "Maker")
    assert exif.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    for private in (b"SERIAL", b"An Owner", b"my computer", MAKER_NOTE, b"Paris", b"48,30N"):
        assert private not in data
    assert b"Stra" in data


@pytest.mark.parametrize("target", TARGETS)
def test_stripped_metadata_leave_the_file_as_it_was(target):
    metadata = limit_metadata(read(make_photo("jpg"))[0], MetadataPolicy.STRIP)
    assert metadata == Metadata()
    assert attach_metadata(blank(target), target, metadata) == blank(target)


def test_the_mark_of_adobe_rgb_survives_stripping():
    exif = Image.Exif()
    exif[271] = "Maker"
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03", 0x1001: 4000}
    kept = limit_metadata(Metadata(exif.tobytes()), MetadataPolicy.STRIP)
    found = written(kept, "jpg")[0].getexif()
    assert dict(found.get_ifd(0xA005)) == {1: "R03"}
    assert found.get_ifd(0x8769)[0xA001] == 0xFFFF
    assert 271 not in found


@pytest.mark.parametrize("target", ["jpg", "png", "tiff"])
@pytest.mark.parametrize("source", ["jpg", "png", "tiff"])
def test_iptc_records_arrive(source, target):
    metadata, _ = read(make_photo(source))
    image, data = written(metadata, target)
    again, _ = read_metadata(data, image, WIDTH, HEIGHT)
    assert RECORDS in again.iptc
    if target != "png":  # Pillow does not know those of PNG
        assert IptcImagePlugin.getiptcinfo(image)[2, 25] == [b"night", b"lamp"]


def test_a_format_without_iptc_warns():
    metadata, _ = read(make_photo("jpg"))
    assert fit_metadata(metadata, "webp")[1] == ("metadata",)
    assert fit_metadata(metadata, "gif") == (Metadata(), ("metadata",))
    for target in ("jpg", "png", "tiff"):
        assert fit_metadata(metadata, target) == (metadata, ())


@pytest.mark.parametrize("target", TARGETS)
def test_the_program_is_named(target):
    metadata = mark(read(make_photo("jpg"))[0], "lle 1.2.3 codeenhance")
    image, data = written(metadata, target)
    exif = image.getexif()
    assert (exif[11], exif[305]) == ("lle 1.2.3 codeenhance", "Firmware 1.0")
    assert b"<stEvt:softwareAgent>lle 1.2.3 codeenhance</stEvt:softwareAgent>" in data
    assert mark(read(make_photo("jpg"))[0], "lle 1.2.3 codeenhance") == metadata


@pytest.mark.parametrize("target", TARGETS)
def test_a_photo_without_metadata_is_marked_too(target):
    image, _ = written(mark(Metadata(), "lle 1.2.3 <model> & more"), target)
    exif = image.getexif()
    assert exif[11] == exif[305] == "lle 1.2.3 <model> & more"
    assert "lle 1.2.3 &lt;model&gt; &amp; more" in _xmp(image)


def test_what_is_attached_to_a_marked_picture_replaces_what_was_there():
    metadata, _ = read(make_photo("jpg"))
    for target in ("jpg", "webp", "tiff"):
        once = attach_metadata(blank(target), target, metadata)
        twice = attach_metadata(once, target, metadata)
        assert tags(Image.open(BytesIO(twice))) == tags(Image.open(BytesIO(once)))
        assert twice.count(b"Stra\xc3\x9fe") == (2 if target == "tiff" else 1)


@pytest.mark.parametrize("size", [40_000, 70_000])
def test_exif_that_a_jpeg_cannot_hold_loses_maker_notes_first(size):
    exif = Image.Exif()
    exif[271] = "Maker"
    exif.get_ifd(0x8769)[0x9286] = b"x" * size
    exif.get_ifd(0x8769)[0x927C] = b"n" * 40_000
    metadata = Metadata(exif.tobytes())
    fitted, warnings = fit_metadata(metadata, "jpg")
    assert warnings == ("metadata",)
    found = written(fitted, "jpg")[0].getexif()
    assert 0x927C not in found.get_ifd(0x8769)
    assert (found.get(271) == "Maker") == (size == 40_000)
    assert fit_metadata(metadata, "png") == (metadata, ())
    assert b"n" * 40_000 in attach_metadata(blank("png"), "png", metadata)


def test_resources_that_a_jpeg_cannot_hold_leave_the_records():
    resources = b"8BIM\x07\xd0\0\0" + (70_000).to_bytes(4) + bytes(70_000)
    metadata = Metadata(iptc=resources + read(make_photo("jpg"))[0].iptc)
    fitted, warnings = fit_metadata(metadata, "jpg")
    assert warnings == ("metadata",)
    assert IptcImagePlugin.getiptcinfo(written(fitted, "jpg")[0])[2, 25] == [b"night", b"lamp"]


@pytest.mark.parametrize("target", TARGETS)
def test_equal_metadata_make_equal_files(target):
    digests = {
        hashlib.sha256(written(mark(read(make_photo("png"))[0], "lle"), target)[1]).hexdigest()
        for _ in range(2)
    }
    assert len(digests) == 1


def _xmp(image):
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or image.tag_v2[700]
    return found if isinstance(found, str) else found.decode()
