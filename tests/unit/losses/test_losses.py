"""Losses are zero at equality and agree with independent references."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch.nn.functional import avg_pool2d

from lowlight_cli.losses.adversarial import generator_loss, hinge
from lowlight_cli.losses.areas import area_means, gradient_histogram
from lowlight_cli.losses.code import code_losses
from lowlight_cli.losses.gram import gram
from lowlight_cli.losses.perceptual import feature_distance
from lowlight_cli.losses.pixel import absolute, color, gradient
from lowlight_cli.losses.structure import (
    dissimilarity,
    multi_scale_dissimilarity,
    multi_scale_similarity,
    similarity,
)


def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.rand(2, 3, 32, 40)
    return images, (images + 0.1 * torch.randn_like(images)).clamp(0, 1)


@pytest.mark.parametrize(
    "loss", [absolute, gradient, color, area_means, gradient_histogram, dissimilarity, gram]
)
def test_equal_pictures_cost_nothing(loss):
    images, other = pictures()
    assert loss(images, images).abs() < 1e-7
    assert loss(images, other) > 1e-6


def test_similarity_is_that_of_scikit_image():
    images, other = pictures()
    a, b = (batch[0].permute(1, 2, 0).double().numpy() for batch in (images, other))
    _, full = structural_similarity(
        a,
        b,
        channel_axis=2,
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    np.testing.assert_allclose(float(similarity(images[:1], other[:1])), full[5:-5, 5:-5].mean(), atol=1e-5)


def test_color_is_blind_to_lightness():
    images, _ = pictures()
    assert color(images, images + 0.2) < 1e-10
    assert color(images, images.flip(1)) > 1e-4


def test_area_means_count_light_and_tint_alone():
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(area_means(images + 0.1, images), torch.tensor(0.1))
    tint = torch.tensor([0.0, 0.0, 0.06]).view(1, 3, 1, 1)
    torch.testing.assert_close(area_means(images + tint, images), torch.tensor(0.02))
    noise = 0.2 * torch.randn(2, 3, 64, 64)
    assert area_means(images + noise, images) < 0.1 * absolute(images + noise, images)


def soft(images: torch.Tensor, radius: int) -> torch.Tensor:
    """Images blurred by a box."""
    return avg_pool2d(images, 2 * radius + 1, stride=1, padding=radius, count_include_pad=False)


def edges() -> torch.Tensor:
    """Pictures of edges."""
    return torch.rand(2, 3, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)


def test_blurred_pictures_have_another_gradient_histogram_the_more_the_softer():
    images = edges()
    values = [float(gradient_histogram(soft(images, radius), images)) for radius in range(4)]
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert values == sorted(values)
    assert values[1] > 1e-3


def test_a_moved_edge_costs_pixels_and_a_soft_one_costs_the_histogram():
    sharp = torch.zeros(1, 3, 32, 32)
    sharp[..., 16:] = 1.0
    moved, smooth = sharp.roll(3, dims=3).clone(), soft(sharp, 3)
    moved[..., :4] = 0.0
    assert absolute(smooth, sharp) < absolute(moved, sharp)
    assert gradient_histogram(moved, sharp) == 0
    assert gradient_histogram(smooth, sharp) > 5e-3


def test_descending_the_gradient_histogram_makes_edges_steeper():
    images = edges()
    made = soft(images, 3).requires_grad_()
    before = made.diff(dim=3).abs().max()
    (slope,) = torch.autograd.grad(gradient_histogram(made, images), made)
    with torch.no_grad():
        after = made - 0.005 * slope / slope.abs().max()
    assert after.diff(dim=3).abs().max() > before
    assert gradient_histogram(after, images) < gradient_histogram(made, images)


def test_light_is_nothing_to_the_gradient_histogram():
    images = edges()
    assert gradient_histogram(images + 0.2, images) < 1e-6


def test_hinge_is_zero_only_beyond_the_margin():
    sure, unsure = torch.full((1, 1, 2, 2), 2.0), torch.zeros(1, 1, 2, 2)
    assert hinge(sure, -sure) == 0
    assert hinge(unsure, unsure) == 2
    assert generator_loss(sure) == -2


def test_gram_forgets_where_things_are():
    features = torch.randn(1, 4, 3, 5)
    mirrored = features.flip(3)
    assert gram(features, mirrored) < 1e-10


def test_feature_distance_does_not_change_with_the_scale_of_features():
    images, other = pictures()
    one = feature_distance(lambda x: [x], images, other)
    torch.testing.assert_close(one, feature_distance(lambda x: [3 * x], images, other))
    assert feature_distance(lambda x: [x], images, images) == 0


def test_code_losses_vanish_where_latent_code_and_target_agree():
    rows = 5 * torch.randn(6, 3)
    wanted = torch.randint(6, (1, 2, 2))
    latent = rows[wanted].movedim(-1, 1)
    parts = code_losses(rows, torch.zeros_like(rows), latent, wanted, latent, 1.0)
    assert parts.commitment == parts.texture == parts.shift == parts.smallness == 0


def test_the_latent_and_the_shift_get_gradients_from_their_own_parts_only():
    rows, wanted = torch.randn(6, 3), torch.randint(6, (1, 2, 2))
    shift = torch.zeros(6, 3, requires_grad=True)
    latent = torch.randn(1, 3, 2, 2, requires_grad=True)
    parts = code_losses(rows, shift, latent, wanted, torch.randn(1, 3, 2, 2), 1.0)
    pull = parts.commitment + parts.choice + parts.texture
    assert torch.autograd.grad(pull, shift, allow_unused=True, retain_graph=True)[0] is None
    assert torch.autograd.grad(pull, latent, retain_graph=True)[0].abs().sum() > 0
    assert torch.autograd.grad(parts.shift, latent, allow_unused=True, retain_graph=True)[0] is None
    assert torch.autograd.grad(parts.shift, shift)[0].abs().sum() > 0


def test_similarity_at_many_scales_compares_lightness_at_the_last_one_only():
    dark, light = torch.full((1, 3, 192, 192), 0.2), torch.full((1, 3, 192, 192), 0.4)
    lightness = (2 * 0.2 * 0.4 + 1e-4) / (0.2**2 + 0.4**2 + 1e-4)
    assert float(multi_scale_similarity(dark, light)) == pytest.approx(lightness**0.1333, abs=1e-4)
    assert float(multi_scale_dissimilarity(light, light)) == pytest.approx(0, abs=1e-5)


def test_opposite_pictures_keep_a_finite_gradient_at_many_scales():
    stripes = (torch.arange(192) // 24 % 2).float().expand(1, 3, 192, 192)
    images = stripes.clone().requires_grad_()
    loss = multi_scale_dissimilarity(images, 1 - stripes)
    loss.backward()
    assert float(loss.detach()) > 0.9
    assert images.grad.isfinite().all()
