import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation.color_space import view_images
from lowlight_cli.evaluation.pixel_metrics import SCALE_WEIGHTS, halved, multi_scale_ssim, ssim
from lowlight_cli.evaluation.protocols import Space, View


@pytest.fixture
def pair():
    """Two batches of two smooth pictures of odd size with noise between them."""
    waves = torch.sin(torch.arange(2 * 3 * 181 * 190).view(2, 3, 181, 190) / 50) / 2 + 0.5
    return waves, (waves + torch.randn_like(waves) / 10).clamp(0, 1)


def by_skimage(first, second):
    """Mean SSIM of two planes in [0, 1] where the whole window fits."""
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
    _, places = structural_similarity(first, second, data_range=1.0, **options)
    return places[5:-5, 5:-5].mean()


@pytest.mark.parametrize("space", list(Space))
@pytest.mark.parametrize("rounds_plane", [False, True])
def test_each_view_is_scored_as_skimage_scores_its_planes(pair, space, rounds_plane):
    view = View(space, rounds_plane=rounds_plane)
    first, second = (view_images(batch, view).numpy() for batch in pair)
    for index, value in enumerate(ssim(*pair, view)):
        expected = np.mean([by_skimage(a, b) for a, b in zip(first[index], second[index], strict=True)])
        assert value.item() == pytest.approx(expected, abs=1e-6)


def test_negative_structure_counts_as_zero_where_asked():
    board = torch.arange(24)[:, None].add(torch.arange(24)).remainder(2).float().expand(1, 3, 24, 24)
    inverse = 1 - board
    assert ssim(board, inverse) < -0.9
    assert ssim(board, inverse, clips_structure=True) == 0


def test_five_scales_are_weighed_as_the_paper_says(pair):
    view = View(Space.LUMA, rounds_plane=True)
    first, second = (view_images(batch, view) for batch in pair)
    # One factor at each scale, from skimage: structure is SSIM of pictures whose means agree.
    expected = np.ones(2)
    for level, weight in enumerate(SCALE_WEIGHTS):
        for index in range(2):
            expected[index] *= factor(first[index, 0], second[index, 0], last=level == 4) ** weight
        first, second = halved(first), halved(second)
    np.testing.assert_allclose(multi_scale_ssim(*pair).numpy(), expected, atol=1e-6)


def factor(first, second, *, last):
    """Structure, or at the last scale SSIM, written out with scipy."""
    from scipy.ndimage import gaussian_filter

    a, b = first.numpy(), second.numpy()

    def mean(plane):
        return gaussian_filter(plane, 1.5, truncate=5 / 1.5)[5:-5, 5:-5]

    together, apart = mean(a * b) - mean(a) * mean(b), mean(a * a) + mean(b * b) - mean(a) ** 2 - mean(b) ** 2
    structure = (2 * together + 0.03**2) / (apart + 0.03**2)
    lightness = (2 * mean(a) * mean(b) + 0.01**2) / (mean(a) ** 2 + mean(b) ** 2 + 0.01**2)
    return (structure * lightness if last else structure).mean()


def test_an_odd_last_row_is_averaged_with_itself():
    plane = torch.tensor([[1.0, 3.0, 8.0], [5.0, 7.0, 2.0], [0.0, 4.0, 6.0]]).view(1, 1, 3, 3)
    assert halved(plane).flatten().tolist() == [4, 5, 2, 6]


def test_opposite_pictures_of_five_scales_are_zero_not_nan():
    waves = torch.sin(torch.arange(192) / 3).mul(0.4).add(0.5).expand(1, 3, 192, 192)
    assert multi_scale_ssim(waves, 1 - waves) == 0


def test_pictures_too_small_for_five_scales_are_refused():
    with pytest.raises(UsageError, match="176x176"):
        multi_scale_ssim(torch.zeros(1, 3, 175, 300), torch.zeros(1, 3, 175, 300))
