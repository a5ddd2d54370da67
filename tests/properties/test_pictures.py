"""Properties of any image that is written and read again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.encode import encode_bytes
from lowlight_cli.images.picture import Frame, Picture, Restore
from lowlight_cli.images.settings import ReadSettings, WriteSettings


@st.composite
def frames(draw):
    """A frame of any small size, depth and set of channels; gray ones have equal channels."""
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    depth = draw(st.sampled_from([np.uint8, np.uint16]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    top = draw(st.sampled_from([1, 60, 255, np.iinfo(depth).max]))
    samples = generator.integers(0, top, (*shape, 4), dtype=depth, endpoint=True)
    gray = draw(st.booleans())
    alpha = samples[..., 3].copy() if draw(st.booleans()) else None
    return Frame(samples[..., [0, 0, 0] if gray else [0, 1, 2]], alpha, gray)


@given(frames(), st.sampled_from(["png", "tiff"]), st.integers(0, 9))
def test_lossless_formats_give_every_frame_back(frame, name, compression):
    data = encode_bytes(Picture((frame,), Restore(name)), name, WriteSettings(compression=compression))
    again = decode_bytes(data).frames[0]
    assert again.pixels.dtype == frame.pixels.dtype
    assert np.array_equal(again.pixels, frame.pixels)
    assert again.gray == frame.gray
    assert (again.alpha is None) == (frame.alpha is None)
    assert frame.alpha is None or np.array_equal(again.alpha, frame.alpha)


@given(st.lists(frames(), min_size=2, max_size=4))
def test_pages_of_any_kinds_lie_in_one_tiff(pages):
    picture = Picture(tuple(pages), Restore("tiff", pages=True))
    again = decode_bytes(encode_bytes(picture, "tiff")).frames
    assert len(again) == len(pages)
    for page, other in zip(pages, again, strict=True):
        assert np.array_equal(other.pixels, page.pixels)
        assert (other.gray, other.is_sixteen_bit) == (page.gray, page.is_sixteen_bit)


@given(frames(), st.sampled_from(["jpg", "png", "webp", "tiff", "avif", "gif"]), st.data())
def test_a_damaged_file_is_a_picture_or_an_error_in_words(frame, name, data):
    whole = encode_bytes(Picture((frame,), Restore(name)), name, WriteSettings(flatten=(0, 0, 0)))
    damaged = bytearray(whole[: data.draw(st.integers(1, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    outcome = _outcome(bytes(damaged))
    if isinstance(outcome, ImageError):
        assert outcome.code in ("unreadable", "truncated", "unsupported", "too_large")
        assert str(outcome)
        assert "\n" not in str(outcome)
    else:
        assert outcome.pixel_count > 0


def _outcome(data):
    try:
        return decode_bytes(data, ReadSettings(max_pixels=10**6, allow_truncated=True))
    except ImageError as error:
        return error
