"""EXIF tags about colors stay in the output, where they still hold."""

from io import BytesIO

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.settings import WriteSettings

CURVE, WHITE, PRIMARIES, YCBCR, BLACK_AND_WHITE = 301, 318, 319, 529, 532
TAGS = {
    CURVE: tuple(range(0, 768 * 80, 80)),
    WHITE: (IFDRational(3127, 10000), IFDRational(3290, 10000)),
    PRIMARIES: tuple(IFDRational(number, 100) for number in (64, 33, 21, 71, 15, 6)),
    YCBCR: tuple(IFDRational(number, 1000) for number in (299, 587, 114)),
    BLACK_AND_WHITE: tuple(IFDRational(number, 1) for number in (0, 255, 128, 255, 128, 255)),
}


def _photo(order):
    exif = Image.Exif()
    exif.endian = order
    exif[271] = "Maker"
    for tag, value in TAGS.items():
        exif[tag] = value
    file = BytesIO()
    Image.new("RGB", (16, 8), (40, 50, 60)).save(file, "JPEG", exif=exif)
    return file.getvalue()


def _tags(data):
    with Image.open(BytesIO(data)) as image:
        exif = image.getexif()
        return {tag: exif[tag] for tag in TAGS if tag in exif}


@pytest.mark.parametrize("policy", ["keep", "safe"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("target", ["jpg", "png", "webp", "avif"])
def test_color_tags_are_kept(target, order, policy):
    data = _photo(order)
    assert _tags(data) == TAGS
    picture = decode_bytes(data)
    assert picture.warnings == ()
    assert _tags(encode_bytes(picture, target, WriteSettings(metadata=policy))) == TAGS


def test_a_tiff_gets_those_that_hold_for_its_rgb():
    """The other tags describe its YCbCr conversion and a curve with as many steps as the JPEG had."""
    found = _tags(encode_bytes(decode_bytes(_photo("<")), "tiff"))
    assert found == {tag: TAGS[tag] for tag in (WHITE, PRIMARIES)}


def test_strip_leaves_none():
    assert _tags(encode_bytes(decode_bytes(_photo("<")), "jpg", WriteSettings(metadata="strip"))) == {}
