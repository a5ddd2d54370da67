"""Headers with absurd claims are rejected fast, and so are outputs that a format cannot hold."""

import struct
import time
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.picture import still


def test_billions_of_claimed_frames_take_no_time():
    file = BytesIO()
    frames = [Image.new("RGB", (24, 18), (shade, 0, 0)) for shade in (0, 9)]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    data = bytearray(file.getvalue())
    place = data.index(b"acTL")
    data[place + 4 : place + 8] = struct.pack(">I", 2**31 - 1)
    data[place + 12 : place + 16] = struct.pack(">I", zlib.crc32(data[place : place + 12]))
    start = time.perf_counter()
    with pytest.raises(ImageError) as caught:
        decode_bytes(bytes(data))
    assert caught.value.code == "too_large"
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(("name", "side"), [("webp", 16_384), ("jpg", 65_501), ("gif", 65_536)])
def test_a_format_that_is_too_small_is_named_before_encoding(name, side):
    with pytest.raises(ImageError, match=f"{name} holds .* choose --format png or tiff") as caught:
        encode_bytes(still(np.zeros((1, side, 3), np.uint8)), name)
    assert caught.value.code == "unsupported"


@pytest.mark.parametrize(
    ("name", "side"), [("webp", 16_383), ("jpg", 65_500), ("gif", 65_535), ("png", 70_000)]
)
def test_the_longest_side_is_no_smaller_than_it_must_be(name, side):
    assert decode_bytes(encode_bytes(still(np.zeros((side, 1, 3), np.uint8)), name)).height == side


@pytest.mark.parametrize("name", ["jpg", "png", "tiff", "webp"])
def test_a_profile_with_a_wrong_length_is_no_reason_to_lose_the_picture(name):
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[:4] = struct.pack(">I", 256)
    file = BytesIO()
    Image.new("RGB", (24, 18), (9, 8, 7)).save(file, "TIFF", icc_profile=bytes(profile))
    again = decode_bytes(encode_bytes(decode_bytes(file.getvalue()), name))
    assert (again.width, again.height) == (24, 18)
