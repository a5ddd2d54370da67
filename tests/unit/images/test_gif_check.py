"""Frames of a GIF that lie outside of its screen."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.gif_check import reach_of_frames


@pytest.fixture
def moving():
    frames = [Image.new("P", (24, 18), shade) for shade in range(3)]
    for frame in frames:
        frame.putpalette(bytes(range(256)) * 3)
        frame.paste(9, (3, 4, 12, 10 + frame.getpixel((0, 0))))
    file = BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], comment=b"c" * 700, duration=50)
    return file.getvalue()


def test_frames_within_the_screen_reach_as_far_as_it(moving):
    assert reach_of_frames(moving) == (24, 18)
    assert len(decode_bytes(moving).frames) == 3


def test_a_frame_of_a_billion_pixels_is_refused_before_it_is_made(moving):
    place = _last_frame(moving)
    grown = moving[: place + 5] + b"\xff\xff\xff\xff" + moving[place + 9 :]
    assert min(reach_of_frames(grown)) >= 65535
    with pytest.raises(ImageError) as caught:
        decode_bytes(grown)
    assert caught.value.code == "too_large"


def _last_frame(data):
    """Offset of the last descriptor, which follows 8 bytes of control."""
    return data.rindex(b"\x21\xf9\x04") + 8


@given(st.binary(max_size=60))
def test_anything_has_a_reach(data):
    assert min(reach_of_frames(b"GIF89a" + data)) >= 0
