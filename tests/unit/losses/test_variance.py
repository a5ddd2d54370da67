"""The label-free losses against the formulas of VICReg, and what they do to features."""

import pytest
import torch

from lowlight_cli.losses.variance import covariance_loss, variance_loss


def independent(deviation=1.0):
    generator = torch.Generator().manual_seed(0)
    return deviation * torch.randn(4, 6, 16, 16, generator=generator)


def test_features_that_vary_enough_cost_nothing():
    assert variance_loss(independent(2.0)) == 0


def test_constant_features_cost_all_of_the_deviation():
    assert variance_loss(torch.full((2, 3, 4, 4), 7.0)) == pytest.approx(1 - 1e-4**0.5)


def test_half_the_deviation_costs_half():
    assert variance_loss(independent(0.5)) == pytest.approx(0.5, abs=0.02)


def test_covariance_is_that_of_torch_in_double_precision():
    features = independent() + 3
    features[:, 1] += 2 * features[:, 0]
    matrix = torch.cov(features.transpose(0, 1).flatten(1).double())
    different = matrix - matrix.diag().diag()
    assert covariance_loss(features) == pytest.approx(float(different.square().sum() / 6), rel=1e-4)


def test_equal_channels_cost_more_than_independent_ones():
    features = independent()
    assert covariance_loss(features) < 0.05
    assert covariance_loss(features[:, :1].expand(-1, 6, -1, -1)) > 4


def test_descent_makes_collapsed_features_vary():
    generator = torch.Generator().manual_seed(1)
    features = (1e-3 * torch.randn(2, 4, 8, 8, generator=generator)).requires_grad_()
    optimizer = torch.optim.Adam([features], lr=0.05)
    for _ in range(60):
        loss = variance_loss(features) + covariance_loss(features)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert variance_loss(features) < 0.05
    assert covariance_loss(features) < 0.1
