"""Damaged metadata never makes an image fail, and what is kept is valid."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lowlight_cli.images.choices import MetadataPolicy
from lowlight_cli.images.metadata.attach import attach_metadata, fit_metadata
from lowlight_cli.images.metadata.exif import read_exif
from lowlight_cli.images.metadata.jpeg_segments import read_segments
from lowlight_cli.images.metadata.policy import Metadata, limit_metadata, mark
from lowlight_cli.images.metadata.read import read_metadata
from lowlight_cli.images.metadata.xmp_document import read_document
from tests.unit.images.photos import jpeg_with, make_photo

PHOTOS = {name: make_photo(name).data for name in ("jpg", "png", "webp", "tiff")}
PLAIN = jpeg_with()


@st.composite
def damaged_photos(draw):
    """A photo with bytes changed, removed or inserted, mostly in its metadata."""
    data = bytearray(PHOTOS[draw(st.sampled_from(sorted(PHOTOS)))])
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data) - 1))
        change = draw(st.sampled_from(["set", "cut", "put", "end"]))
        if change == "set":
            data[place] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF, draw(st.integers(0, 255))]))
        elif change == "cut":
            del data[place : place + draw(st.integers(1, 40))]
        elif change == "put":
            data[place:place] = draw(st.binary(max_size=20))
        else:
            del data[max(place, 16) :]
        data = data or bytearray(b"\0")
    return bytes(data)


def check_sound(data):
    """Reads metadata from any bytes and adds it to a file, which must stay valid."""
    metadata, warnings = read_metadata(data, None, 32, 48)
    assert warnings in ((), ("metadata",))
    for policy in ("keep", "safe", "strip"):
        marked = mark(limit_metadata(metadata, MetadataPolicy(policy)), "lle")
        assert read_exif(marked.exif)[1]
        assert read_document(marked.xmp)
        fitted, _ = fit_metadata(marked, "jpg")
        written = attach_metadata(PLAIN, "jpg", fitted)
        assert read_metadata(written, None, 32, 48)[0].exif
        with Image.open(BytesIO(written)) as image:
            image.load()


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, about values of a kind that it did not expect
@given(damaged_photos())
def test_damaged_photos_give_sound_metadata(data):
    check_sound(data)


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(
    st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\xff\0\0\0WEBP", b"II*\0", b"MM\0*", b""]),
    st.binary(),
)
def test_any_bytes_give_sound_metadata(start, data):
    check_sound(start + data)


@given(
    st.binary(max_size=300), st.binary(max_size=300), st.binary(max_size=300), st.sampled_from(sorted(PHOTOS))
)
def test_any_blocks_can_be_limited_and_marked(exif, xmp, iptc, name):
    for policy in ("keep", "safe", "strip"):
        marked = mark(limit_metadata(Metadata(b"Exif\0\0" + exif, xmp, iptc), MetadataPolicy(policy)), "lle")
        assert read_exif(marked.exif)[0].main
        fitted, _ = fit_metadata(marked, name)
        attach_metadata(PHOTOS[name], name, fitted)


@given(st.binary(max_size=60), st.integers(0, 255))
def test_segments_lie_one_behind_the_other(content, marker):
    data = b"\xff\xd8\xff" + bytes([marker]) + content
    ends = 2
    for segment in read_segments(data):
        assert ends <= segment.start < segment.end <= len(data)
        ends = segment.end
