import pytest
import torch

from lowlight_cli.evaluation.baselines import BASELINES, UNCHANGED
from lowlight_cli.evaluation.classic import clahe, equalize_value, gamma


@pytest.fixture
def dark():
    """Two dark images with a soft gradient."""
    ramp = torch.linspace(0, 0.2, 40).expand(2, 3, 32, 40)
    return ramp * torch.tensor([1.0, 0.8, 0.6]).view(3, 1, 1)


@pytest.mark.parametrize("name", [name for name in BASELINES if name != UNCHANGED])
def test_each_method_brightens_and_keeps_shape_and_range(name, dark):
    bright = BASELINES[name].build()(dark)
    assert bright.shape == dark.shape
    assert bright.dtype == dark.dtype
    assert bright.mean() > dark.mean()
    assert 0 <= bright.min() <= bright.max() <= 1


def test_there_are_three_methods_besides_the_input_itself():
    assert len(BASELINES) == 4
    assert BASELINES[UNCHANGED].build() is None


def test_gamma_is_a_power():
    torch.testing.assert_close(gamma(torch.full((1, 3, 1, 1), 0.25), 0.5), torch.full((1, 3, 1, 1), 0.5))


def test_equalization_of_v_reaches_white_and_keeps_gray_gray():
    ramp = torch.linspace(0, 0.3, 64).expand(1, 3, 8, 64)
    bright = equalize_value(ramp)
    assert bright.max() == 1
    torch.testing.assert_close(bright[:, 0], bright[:, 2])


def test_clahe_treats_images_apart(dark):
    torch.testing.assert_close(clahe(dark)[1:], clahe(dark[1:]))
