"""GIF frames beyond the screen, and GIFs without control or loop blocks."""

from dataclasses import replace

import numpy as np
import pytest

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.settings import ReadSettings
from tests.unit.images.gif_bytes import Rectangle, gif


def full(shade, width=8, height=6, **options):
    return Rectangle(np.full((height, width), shade, np.uint8), **options)


def sizes(picture):
    return [frame.pixels.shape[1::-1] for frame in picture.frames]


def test_a_later_frame_beyond_the_screen_is_cut():
    picture = decode_bytes(gif(8, 6, full(1), full(2, 5, 5, left=6, top=4), full(3, left=9)))
    assert sizes(picture) == [(8, 6)] * 3
    assert (picture.frames[1].pixels[4:, 6:] == (32, 223, 4)).all()
    assert (picture.frames[1].pixels[:4] == (16, 239, 1)).all()
    assert np.array_equal(picture.frames[1].pixels, picture.frames[2].pixels)


def test_the_first_frame_enlarges_the_screen():
    assert sizes(decode_bytes(gif(2, 2, full(1, left=1), full(2)))) == [(9, 6)] * 2
    assert sizes(decode_bytes(gif(0, 0, full(1)))) == [(8, 6)]


def test_what_no_frame_has_drawn_is_transparent():
    (frame,) = decode_bytes(gif(8, 6, full(1, 4, 3, left=2, top=1))).frames
    assert frame.alpha.sum() == 255 * 12
    assert (frame.alpha[1:4, 2:6] == 255).all()


def test_a_frame_without_pixels_shows_nothing_new():
    first, second = decode_bytes(gif(8, 6, full(1), full(2, 0, 0))).frames
    assert np.array_equal(first.pixels, second.pixels)


@pytest.mark.parametrize("place", [0, 1])
def test_a_frame_of_a_billion_pixels_is_refused_before_it_is_made(place):
    data = gif(8, 6, full(1), full(2))
    start = [at for at in range(len(data)) if data[at : at + 9] == b"," + bytes(4) + b"\x08\0\x06\0"][place]
    with pytest.raises(ImageError) as caught:
        decode_bytes(data[: start + 5] + b"\xff\xff\xff\xff" + data[start + 9 :])
    assert caught.value.code == "too_large"


def test_hidden_frames_count_towards_the_limit():
    data = gif(1, 1, full(1, 1, 1), *[full(2, 20, 20, left=3)] * 9)
    decode_bytes(data, ReadSettings(max_pixels=901))
    with pytest.raises(ImageError) as caught:
        decode_bytes(data, ReadSettings(max_pixels=900))
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("cut", [1, 12, 40])
def test_a_frame_that_breaks_off_is_truncated(cut):
    data = gif(8, 6, full(1), full(2))
    with pytest.raises(ImageError) as caught:
        decode_bytes(data[: -2 - cut])
    assert caught.value.code == "truncated"


def test_a_file_without_frames_is_truncated():
    with pytest.raises(ImageError) as caught:
        decode_bytes(gif(8, 6))
    assert caught.value.code == "truncated"


def test_disposal_holds_for_one_frame_only():
    silent = replace(full(2, 2, 2), has_control=False)
    frames = decode_bytes(gif(8, 6, full(1), full(3, 4, 4, disposal=2), silent, full(4, 1, 1))).frames
    assert [frame.alpha is not None and int((frame.alpha == 0).sum()) for frame in frames] == [0, 0, 12, 12]
    assert [frame.duration_ms for frame in frames] == [50, 50, None, 50]


@pytest.mark.parametrize(("loop", "times"), [(None, None), (0, 0), (1, 2), (7, 8)])
def test_a_gif_is_shown_as_often_as_before(loop, times):
    picture = decode_bytes(gif(8, 6, full(1), full(2), loop=loop))
    assert picture.restore.loop == times
    extension = encode_bytes(picture, "gif").partition(b"NETSCAPE2.0\x03\x01")[2][:2]
    assert extension == (b"" if loop is None else loop.to_bytes(2, "little"))
