"""GIF frames of any rectangle are composed on the canvas as in browsers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lowlight_cli.images.codecs.gif_blocks import read_blocks
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from tests.unit.images.gif_bytes import Rectangle, composed, gif


@st.composite
def rectangles(draw):
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    return Rectangle(
        draw(arrays.arrays(np.uint8, shape, elements=st.integers(0, 15))),
        left=draw(st.integers(0, 12)),
        top=draw(st.integers(0, 12)),
        disposal=draw(st.integers(0, 3)),
        transparent=draw(st.none() | st.integers(0, 15)),
    )


def shown(frame):
    """Colors and opacity of a frame, with black for fully transparent pixels."""
    alpha = np.full(frame.pixels.shape[:2], 255, np.uint8) if frame.alpha is None else frame.alpha
    return np.dstack((np.where(alpha[..., None] > 0, frame.pixels, 0), alpha))


@given(st.integers(1, 10), st.integers(1, 10), st.lists(rectangles(), min_size=1, max_size=4))
def test_frames_are_composed_on_the_canvas(width, height, frames):
    first = frames[0]
    canvas = (
        max(width, first.left + first.numbers.shape[1]),
        max(height, first.top + first.numbers.shape[0]),
    )
    picture = decode_bytes(gif(width, height, *frames))
    expected = composed(*canvas, *frames)
    assert len(picture.frames) == len(frames)
    for frame, wanted in zip(picture.frames, expected, strict=True):
        assert np.array_equal(shown(frame), wanted)
    again = decode_bytes(encode_bytes(picture, "gif"))
    assert {(frame.pixels.shape[1], frame.pixels.shape[0]) for frame in again.frames} == {canvas}
    assert np.array_equal(shown(again.frames[0])[..., 3], expected[0][..., 3])


@given(st.integers(0, 65535), st.sampled_from([b"NETSCAPE2.0", b"ANIMEXTS1.0"]))
def test_the_number_of_a_loop_is_kept(number, application):
    frames = [Rectangle(np.full((2, 3), shade, np.uint8)) for shade in (1, 2)]
    picture = decode_bytes(gif(3, 2, *frames, loop=number, application=application))
    assert picture.restore.loop == (number + 1 if number else 0)
    written = encode_bytes(picture, "gif")
    assert b"NETSCAPE2.0\x03\x01" + number.to_bytes(2, "little") in written
    assert decode_bytes(encode_bytes(picture, "webp")).restore.loop == min(picture.restore.loop, 65535)


@given(st.binary(max_size=60))
def test_any_bytes_have_blocks_or_break_off(data):
    try:
        found = read_blocks(b"GIF89a" + data)
    except EOFError:
        return
    assert found.frames
