"""Any TIFF of integers is read exactly; a truncated one is never accepted as complete."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.errors import ImageError
from lowlight_cli.images.decode import decode_bytes
from lowlight_cli.images.settings import ReadSettings
from tests.unit.images.tiff_bytes import PACKERS, Form, tiff_of

_OPACITY = {"t338": ("H", (2,))}


@st.composite
def forms(draw):
    """Any way to store a page; a predictor requires whole bytes and LZW, Deflate or the like."""
    method, bits = draw(st.sampled_from(sorted(PACKERS))), draw(st.integers(1, 16))
    packed = method not in (1, 32773) and bits in (8, 16)
    return Form(
        bits,
        order=draw(st.sampled_from("<>")),
        big=draw(st.booleans()),
        planes=draw(st.booleans()),
        method=method,
        predictor=draw(st.integers(1, 2)) if packed else 1,
        rows=draw(st.sampled_from([16, 32])),
        columns=draw(st.sampled_from([0, 16, 32])),
        backwards=draw(st.booleans()),
    )


def _samples(seed, bits, count):
    generator = np.random.default_rng(seed)
    shape = (*generator.integers(1, 41, 2), count)
    return generator.integers(0, 2**bits, shape)


def _shades(numbers, bits):
    """The nearest values in the full range of 8 bits, or of 16 for more than 8 bits."""
    top = 255 if bits <= 8 else 65535
    return np.rint(numbers * (top / (2**bits - 1)))


@given(forms(), st.integers(1, 4), st.booleans(), st.integers(0, 2**32))
def test_every_number_arrives(form, count, white_is_zero, seed):
    samples = _samples(seed, form.bits, count)
    kind = 2 if count > 2 else 0 if white_is_zero else 1
    frame = decode_bytes(tiff_of(samples, form, kind, **(_OPACITY if count in (2, 4) else {}))).frames[0]
    color = samples[..., : count - (count in (2, 4))]
    wanted = _shades(2**form.bits - 1 - color if kind == 0 else color, form.bits)
    assert frame.pixels.dtype == (np.uint8 if form.bits <= 8 else np.uint16)
    assert np.array_equal(frame.pixels, np.broadcast_to(wanted, (*wanted.shape[:2], 3)))
    assert frame.gray == (count < 3)
    assert (frame.alpha is not None) == (count in (2, 4))
    assert frame.alpha is None or np.array_equal(frame.alpha, _shades(samples[..., -1], form.bits))


@given(forms(), st.integers(0, 2**32), st.floats(0, 1, exclude_max=True))
def test_pixels_that_break_off_are_truncated(form, seed, share):
    samples = _samples(seed, form.bits, 3)
    whole = tiff_of(samples, form, 2)
    directory = len(tiff_of(samples, form, 2, pixels=False))
    data = whole[: directory + int(share * (len(whole) - directory))]
    with pytest.raises(ImageError) as caught:
        decode_bytes(data)
    assert caught.value.code == "truncated"
    if form.method == 1:
        repaired = decode_bytes(data, ReadSettings(allow_truncated=True))
        assert repaired.warnings == ("degraded",)
        assert repaired.pixels.shape == samples.shape
