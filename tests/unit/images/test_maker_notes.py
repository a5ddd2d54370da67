"""Values outside of maker notes keep their offsets, or a warning reports their loss."""

import json
import shutil
import subprocess
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lowlight_cli.images.choices import MetadataPolicy
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.metadata.attach import attach_metadata, fit_metadata
from lowlight_cli.images.metadata.exif import read_exif, write_exif
from lowlight_cli.images.metadata.policy import Metadata, limit_metadata, mark
from lowlight_cli.images.metadata.read import read_metadata
from tests.unit.images.maker_notes import NAMES, block, texts_of_note
from tests.unit.images.photos import blank, camera_exif, jpeg_with, make_photo

PREFIX = b"Exif\0\0"
TEXTS = (b"FINE QUALITY\0\0", b"AN OLD CAMERA\0")


def read(exif):
    return read_metadata(jpeg_with((0xE1, PREFIX + exif)), None, 48, 32)


def marked(metadata):
    return mark(limit_metadata(metadata, MetadataPolicy.KEEP), "lle 1 a program of some name")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("maker", NAMES)
@pytest.mark.parametrize("target", ["jpg", "png", "webp"])
def test_values_around_a_note_keep_their_places(maker, order, target):
    exif = block(maker, TEXTS, order=order)
    assert texts_of_note(exif, maker) == TEXTS
    metadata, warnings = read(exif)
    assert warnings == ()
    assert fit_metadata(metadata, target) == (metadata, ())
    data = attach_metadata(blank(target), target, marked(metadata))
    again = read_metadata(data, None, 48, 32)[0].exif
    assert texts_of_note(again.removeprefix(PREFIX), maker) == TEXTS
    with Image.open(BytesIO(data)) as image:
        assert image.getexif()[271] == "MAKER"
        assert image.getexif()[11] == "lle 1 a program of some name"


@given(
    st.sampled_from(sorted(NAMES)),
    st.sampled_from("<>"),
    st.tuples(st.binary(min_size=5, max_size=300), st.binary(min_size=5, max_size=300)),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_values_anywhere_keep_their_places_however_often_they_are_written(maker, order, texts, before, gap):
    metadata, warnings = read(block(maker, texts, order=order, before=before, gap=gap))
    assert warnings == ()
    once = marked(metadata).exif
    twice = write_exif(read_exif(once)[0])
    assert once == twice
    assert texts_of_note(twice.removeprefix(PREFIX), maker) == texts


@pytest.mark.parametrize("maker", NAMES)
def test_the_thumbnail_between_them_is_left_out(maker):
    thumbnail = b"\xff\xd8" + b"DARK" * 50 + b"\xff\xd9"
    metadata, warnings = read(block(maker, TEXTS, thumbnail=thumbnail))
    assert warnings == ()
    assert b"DARK" not in metadata.exif
    assert texts_of_note(metadata.exif.removeprefix(PREFIX), maker) == TEXTS


def test_a_value_that_is_the_thumbnail_is_left_out():
    exif = block("olympus", TEXTS, thumbnail=b"\xff\xd8" + b"DARK" * 50 + b"\xff\xd9")
    place = exif.index(TEXTS[1])
    exif = exif.replace(place.to_bytes(4, "little"), exif.index(b"\xff\xd8").to_bytes(4, "little"))
    found, _ = read(exif)
    assert b"DARK" not in found.exif
    assert TEXTS[0] in found.exif


def test_safe_metadata_have_neither_the_note_nor_its_values():
    metadata = limit_metadata(read(block("olympus", TEXTS))[0], MetadataPolicy.SAFE)
    assert b"MAKER" in metadata.exif
    assert not any(text in metadata.exif for text in (*TEXTS, b"OLYMP"))


def test_a_tiff_cannot_keep_them_and_that_is_said(tmp_path):
    metadata, _ = read(block("coolpix", TEXTS))
    assert fit_metadata(metadata, "tiff")[1] == ("metadata",)
    photo = make_photo("jpg")
    plain = read_metadata(photo.data, photo.image, 32, 48)[0]
    assert fit_metadata(plain, "tiff") == (plain, ())
    file = BytesIO()
    exif = camera_exif()
    Image.new("RGB", (48, 32)).save(file, "TIFF", exif=exif)
    assert read_metadata(file.getvalue(), None, 48, 32)[1] == ()


def test_a_note_that_a_tiff_has_loses_them_and_that_is_said():
    assert read_metadata(block("olympus", TEXTS), None, 48, 32)[1] == ("metadata",)


def test_a_block_too_large_for_a_jpeg_loses_them_and_that_is_said():
    large = block("olympus", (TEXTS[0], b"X" * 9000), gap=60_000)
    metadata = Metadata(write_exif(read_exif(large)[0]))
    assert len(metadata.exif) > 65_533
    fitted, warnings = fit_metadata(metadata, "jpg")
    assert warnings == ("metadata",)
    assert b"OLYMP" in fitted.exif
    assert len(fitted.exif) < 65_533
    assert fit_metadata(metadata, "png") == (metadata, ())


def test_values_inside_of_a_note_and_offsets_from_elsewhere_are_none():
    photo = make_photo("jpg")
    assert read_exif(photo.image.info["exif"])[0].note_values == ()
    exif = block("olympus", TEXTS)
    place = exif.index(TEXTS[0])
    for other in (2, 8, 30, len(exif)):  # header, directories, beyond the end
        moved = exif.replace(place.to_bytes(4, "little"), other.to_bytes(4, "little"))
        assert TEXTS[0] not in write_exif(read_exif(moved)[0])


@pytest.mark.parametrize("target", ["jpg", "png", "webp", "avif"])
def test_a_whole_picture_keeps_them(target):
    picture = decode_bytes(jpeg_with((0xE1, PREFIX + block("olympus", TEXTS, before=9))))
    again = decode_bytes(encode_bytes(picture, target))
    assert again.warnings == ()
    assert texts_of_note(again.restore.metadata.exif.removeprefix(PREFIX), "olympus") == TEXTS


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize(
    ("maker", "make"), [("olympus", b"OLYMP\0"), ("coolpix", b"NIKON\0"), ("nikon", b"NIKON\0")]
)
@pytest.mark.parametrize("target", ["jpg", "png", "webp"])
def test_exiftool_reads_the_same_note(tmp_path, target, maker, make):
    exif = block(maker, TEXTS, before=40, gap=30).replace(b"MAKER\0", make)
    before, after = tmp_path / "a.jpg", tmp_path / f"b.{target}"
    before.write_bytes(jpeg_with((0xE1, PREFIX + exif)))
    after.write_bytes(attach_metadata(blank(target), target, marked(read(exif)[0])))
    expected, found = (_tags_of_note(path) for path in (before, after))
    assert "FINE QUALITY" in expected.values()
    assert found == expected


def _tags_of_note(path):
    words = ["exiftool", "-json", "-G1", "-s", "-n", "-MakerNotes:all", "-Warning", path]
    found = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)[0]
    return {name: value for name, value in found.items() if name != "SourceFile"}
