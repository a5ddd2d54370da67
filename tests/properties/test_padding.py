"""Properties of padding images of any size to any multiple."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.images.padding import crop, pad_pixels_to, pad_to_multiple, padded_side

sides = st.integers(1, 40)
frames = st.integers(0, 9)


@given(height=sides, width=sides, multiple=st.integers(1, 33), frame=frames)
def test_cropping_undoes_padding(height: int, width: int, multiple: int, frame: int) -> None:
    images = torch.rand(2, 3, height, width)
    padded = pad_to_multiple(images, multiple, frame)
    assert padded.shape[2] % multiple == 0
    assert padded.shape[3] % multiple == 0
    assert 0 <= padded.shape[2] - height - 2 * frame < multiple
    assert 0 <= padded.shape[3] - width - 2 * frame < multiple
    assert torch.equal(crop(padded, height, width, frame), images)


@given(height=sides, width=sides, multiple=st.integers(1, 33), frame=frames)
def test_padding_holds_colors_of_the_picture_only(height: int, width: int, multiple: int, frame: int) -> None:
    images = torch.rand(1, 3, height, width)
    assert set(pad_to_multiple(images, multiple, frame)[0, 0].flatten().tolist()) == set(
        images[0, 0].flatten().tolist()
    )


@given(height=sides, width=sides, multiple=st.integers(1, 33), frame=frames, is_deep=st.booleans())
def test_pixels_are_padded_like_images(
    height: int, width: int, multiple: int, frame: int, is_deep: bool
) -> None:
    kind = np.uint16 if is_deep else np.uint8
    pixels = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (width, height, 3), kind)
    pixels = pixels.transpose(1, 0, 2)  # rows and columns of a turned photo are strided
    rows, columns = (padded_side(side, multiple, frame) for side in (height, width))
    padded = pad_pixels_to(pixels, rows, columns, top=frame, left=frame)
    images = torch.from_numpy(pixels.astype(np.float64)).permute(2, 0, 1)[None]
    expected = pad_to_multiple(images.float(), multiple, frame)[0].permute(1, 2, 0).numpy()
    assert padded.dtype == kind
    assert np.array_equal(padded, expected.astype(kind))


def test_padding_mirrors_and_then_repeats() -> None:
    row = torch.tensor([1.0, 2.0, 3.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    assert pad_to_multiple(row, 8)[0, 0, 0].tolist() == [1, 2, 3, 2, 1, 1, 1, 1]


def test_a_frame_mirrors_and_then_repeats_on_both_sides() -> None:
    row = torch.tensor([1.0, 2.0, 3.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    framed = pad_to_multiple(row, 2, 3)
    assert framed.shape == (1, 3, 8, 10)
    assert framed[0, 0, 0].tolist() == [3, 3, 2, 1, 2, 3, 2, 1, 1, 1]


@given(side=st.integers(1, 10_000), multiple=st.integers(1, 64), frame=frames)
def test_padded_side_is_the_next_multiple(side: int, multiple: int, frame: int) -> None:
    assert padded_side(side, multiple, frame) == padded_side(side + 2 * frame, multiple)
    assert padded_side(side, multiple) == next(n for n in range(side, side + multiple) if n % multiple == 0)
