"""Pairs of pictures whose faults are known, and records of them."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def scene(rng):
    """A smooth dark picture with some noise, uint8 (480, 640, 3)."""
    down, across = np.mgrid[0:480, 0:640] / 640
    light = 30 + 20 * np.sin(5 * across + 3 * down) + 8 * np.cos(17 * down * across)
    return (light[..., None] + rng.normal(0, 1.5, (480, 640, 1)) + [4, 0, -3]).clip(0, 255).astype(np.uint8)
