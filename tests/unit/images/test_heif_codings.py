"""HEIF images that are not HEVC are rejected with a reason."""

import pytest

from lowlight_cli.errors import ImageError
from lowlight_cli.images.codecs.read_heif import unread_coding
from lowlight_cli.images.decode import decode_bytes
from tests.unit.images.heif_bytes import box, full_box, heif, uncompressed

pytest.importorskip("pillow_heif")


def refusal(data):
    with pytest.raises(ImageError) as caught:
        decode_bytes(data)
    return caught.value.code, str(caught.value)


def test_uncompressed_pixels_are_unsupported():
    message = "HEIF with uncompressed pixels is not supported; convert it to PNG or TIFF first"
    assert refusal(uncompressed()) == ("unsupported", message)


@pytest.mark.parametrize(
    ("coding", "brand", "name"),
    [
        (b"j2k1", b"j2ki", "JPEG 2000"),
        (b"jpeg", b"jpgs", "JPEG"),
        (b"avc1", b"avci", "AVC"),
        (b"vvc1", b"vvic", "VVC"),
        (b"evc1", b"evbi", "EVC"),
        (b"zzzz", b"1pic", "the codec 'zzzz'"),
    ],
)
@pytest.mark.parametrize("is_general", [True, False])
def test_other_codings_are_named(coding, brand, name, is_general):
    code, message = refusal(heif(coding, bytes(100), brands=(b"mif1",) if is_general else (brand,)))
    assert code == "unsupported"
    assert name in message


def test_damaged_hevc_is_no_other_coding():
    assert refusal(heif(b"hvc1", bytes(100))) == ("unreadable", "the image data are damaged")


def test_a_picture_made_of_others_has_their_coding():
    entries = [full_box(b"infe", b"\0\1\0\0", kind, b"\0", version=2) for kind in (b"grid", b"unci", b"Exif")]
    items = full_box(b"iinf", b"\0\3", *entries)
    assert unread_coding(full_box(b"meta", items)) == "uncompressed pixels"
    assert unread_coding(full_box(b"meta", full_box(b"iinf", b"\0\1", entries[0]))) is None
    long = full_box(b"infe", bytes(6), b"unci", b"\0", version=3)
    assert unread_coding(full_box(b"meta", full_box(b"iinf", bytes(4), long, version=1))) is not None


@pytest.mark.parametrize("data", [b"", b"abc", box(b"meta"), box(b"meta", b"\0" * 9), b"\0\0\0\1meta"])
def test_damaged_boxes_name_no_coding(data):
    assert unread_coding(data) is None
