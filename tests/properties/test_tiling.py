"""Properties of images assembled from tiles."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.images.padding import pad_to_multiple
from lowlight_cli.images.tiling import Tile, blend_strips, cut_axis

multiples = st.sampled_from([1, 2, 8, 16])


@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    side=st.sampled_from([32, 48]),
    overlap=st.integers(0, 15),
    multiple=multiples,
    frame=st.integers(0, 5),
)
def test_tiles_of_a_picture_give_the_picture(
    height: int, width: int, side: int, overlap: int, multiple: int, frame: int
) -> None:
    picture = torch.rand(1, 3, height, width)
    framed = pad_to_multiple(picture, multiple, frame)

    def render(tile: Tile) -> torch.Tensor:
        assert (
            tile.top % multiple
            == tile.left % multiple
            == tile.height % multiple
            == tile.width % multiple
            == 0
        )
        assert max(tile.height, tile.width) <= side
        return framed[..., tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]

    sizes = {"side": side, "overlap": overlap, "multiple": multiple, "frame": frame}
    strips = blend_strips(height, width, render, **sizes)
    blended = torch.cat([strip.clone() for strip in strips], dim=2)
    torch.testing.assert_close(blended, picture, rtol=1e-5, atol=1e-6)


@given(
    size=st.integers(1, 3000),
    side=st.sampled_from([128, 256]),
    overlap=st.integers(0, 64),
    multiple=multiples,
)
def test_an_axis_is_covered_with_the_overlap_asked_for(
    size: int, side: int, overlap: int, multiple: int
) -> None:
    spans = cut_axis(size, side=side, overlap=overlap, multiple=multiple)
    ends = [start + spans.length for start in spans.starts]
    assert spans.starts[0] == 0
    assert size <= ends[-1] < size + multiple
    assert all(end - start >= overlap for end, start in zip(ends, spans.starts[1:], strict=False))


def test_a_step_between_tiles_fades_over_the_middle_of_the_overlap() -> None:
    def render(tile: Tile) -> torch.Tensor:
        return torch.full((1, 3, tile.height, tile.width), float(tile.left > 0))

    row = next(blend_strips(32, 96, render, side=64, overlap=32))[0, 0, 0]
    assert row[0] == 0
    assert row[-1] == 1
    assert (row.diff() >= 0).all()
    assert row.diff().max() < 0.1  # a hard border would step by 1
    assert row[:40].max() == 0  # the overlap is from 32 to 64
    assert row[56:].min() == 1


def test_an_overlap_as_long_as_the_tile_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        cut_axis(100, side=32, overlap=32)
