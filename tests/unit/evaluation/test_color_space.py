import numpy as np
import pytest
import torch
from skimage.color import rgb2ycbcr

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.color_space import align_gray_mean, view_images, view_pair
from lowlight_cli.evaluation.protocols import GrayMean, Space, View


def one_pixel(red, green, blue):
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1)


def test_studio_luma_is_that_of_skimage():
    picture = torch.rand(1, 3, 9, 7)
    expected = rgb2ycbcr(picture[0].permute(1, 2, 0).numpy())[..., 0]
    found = view_images(picture, View(Space.STUDIO, rounds_pixels=False))
    np.testing.assert_allclose(found[0, 0].numpy() * 255, expected, atol=1e-4)


def test_luma_spans_the_whole_range():
    view = View(Space.LUMA, rounds_pixels=False)
    pixels = [(0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.5, 0.25, 0.75)]
    found = [view_images(one_pixel(*pixel), view).item() for pixel in pixels]
    assert found == pytest.approx([0, 1, 0.299 * 0.5 + 0.587 * 0.25 + 0.114 * 0.75], abs=1e-7)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(Space.LUMA, rounds_pixels=False), 0.587 * 101.4),
        (View(Space.LUMA), 0.587 * 101),
        (View(Space.LUMA, rounds_pixels=False, rounds_plane=True), 60),
        (View(Space.LUMA, rounds_plane=True), 59),
        (View(Space.STUDIO), 16 + 128.553 * 101 / 255),
        (View(Space.STUDIO, rounds_plane=True), 67),
    ],
    ids=str,
)
def test_each_view_rounds_where_it_says(view, expected):
    assert view_images(one_pixel(0, 101.4 / 255, 0), view).item() * 255 == pytest.approx(expected, abs=1e-4)


def test_values_that_no_file_holds_are_clipped():
    assert view_images(one_pixel(-0.5, 0.5, 1.5), View(rounds_pixels=False)).flatten().tolist() == [0, 0.5, 1]


def test_shapes_that_differ_are_refused():
    with pytest.raises(UsageError, match="cannot be compared"):
        view_pair(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5), View())


def test_aligned_pictures_have_the_gray_of_their_references():
    images, references = torch.rand(2, 3, 8, 8) * 0.2, torch.rand(2, 3, 8, 8) * 0.4
    form = GrayMean((0.2, 0.3, 0.5), rounds_pixels=False)
    weights = torch.tensor(form.weights, dtype=torch.float64).view(3, 1, 1)
    aligned = align_gray_mean(images, references, form)
    for made, wanted in zip(aligned, references.double(), strict=True):
        torch.testing.assert_close((made * weights).mean(), (wanted * weights).mean())


def test_aligned_pictures_are_clipped_and_black_ones_stay_black():
    dark = one_pixel(0.5, 0.1, 0.1)
    assert align_gray_mean(dark, torch.ones(1, 3, 1, 1), GrayMean()).max() == 1
    assert align_gray_mean(0 * dark, torch.ones(1, 3, 1, 1), GrayMean()).max() == 0
