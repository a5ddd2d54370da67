"""The degradation benchmark: a constant is found as such, and means are those of the images."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import degradation
from lowlight_cli.checkpoints.save import save_weights
from lowlight_cli.models.drgn.config import DrgnConfig, SingleBranchConfig
from lowlight_cli.models.drgn.model import Drgn

NARROW = DrgnConfig(generator=SingleBranchConfig(channels=4, modules=1, depth=1, reduction=2))
SCRIPT = Path(degradation.__file__)


@pytest.fixture
def constant():
    """A network whose degradation is the same number everywhere."""
    model = Drgn(NARROW).eval()
    nn.init.zeros_(model.degradation.to_rgb.weight)
    nn.init.constant_(model.degradation.to_rgb.bias, -0.6)
    return model


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    bright = 0.4 + 0.2 * torch.rand(1, 3, 20, 30, generator=generator)
    dark = 0.1 + 0.02 * torch.rand(1, 3, 20, 30, generator=generator)
    photo = 0.2 + 0.4 * torch.rand(1, 3, 20, 30, generator=generator)
    return degradation.Pair("a", dark, bright, photo)


def test_a_constant_is_measured_as_such(constant, pair):
    row = degradation.measured(constant, pair)
    assert row["degradation"] == pytest.approx([-0.6] * 3, abs=1e-5)
    assert row["missing"] == pytest.approx(2 * (pair.dark - pair.bright).mean((0, 2, 3)), abs=1e-5)
    assert row["inside"] == pytest.approx(0, abs=1e-5)
    expected = (pair.photo - 0.3).clamp_min(0).mean()
    assert row["made_luma"] == pytest.approx(float(expected), abs=0.01)
    assert row["dark_black"] == 0 < row["made_black"]


@pytest.mark.parametrize(("mean", "is_met"), [(-0.9, True), (-0.7, False), (-1.3, False), (-0.81, True)])
def test_the_bar_is_a_fifth_of_the_mean_over_all_images(constant, pair, mean, is_met):
    row = degradation.measured(constant, pair)
    rows = [row | {"degradation": [mean + shift] * 3, "missing": [-1.0] * 3} for shift in (-0.3, 0.3)]
    total = degradation.summary(rows)
    assert total["ratio"] == pytest.approx(-mean)
    assert total["is_met"] == is_met
    assert total["spread"] == pytest.approx(0.3)


def test_noise_is_found_and_slopes_are_not():
    slope = torch.linspace(0.2, 0.8, 200).expand(1, 3, 200, 200)
    grain = torch.randn(1, 1, 200, 200, generator=torch.Generator().manual_seed(0)) * 4 / 255
    assert degradation.noise(slope) == pytest.approx(0, abs=0.01)
    assert degradation.noise(slope + grain) == pytest.approx(4, rel=0.05)


def test_weights_of_a_run_are_measured_from_the_command_line(constant, make_picture, tmp_path):
    weights = tmp_path / "drgn-degradation.safetensors"
    save_weights(weights, constant.degradation, {"config": NARROW.model_dump(mode="json")})
    for number in (1, 2):
        make_picture(tmp_path / "low" / f"{number}.png", (40, 30), seed=number)
        make_picture(tmp_path / "high" / f"{number}.png", (40, 30), seed=10 + number)
    words = ["--low", tmp_path / "low", "--high", tmp_path / "high", "--json", tmp_path / "found.json"]
    run = subprocess.run(
        [sys.executable, SCRIPT, weights, *words], capture_output=True, text=True, check=True, timeout=300
    )
    assert "mean -0.600" in run.stdout
    [found] = json.loads((tmp_path / "found.json").read_text()).values()
    assert [row["name"] for row in found["pairs"]] == ["1", "2"]
    assert found["all"]["degradation"] == pytest.approx(-0.6, abs=1e-5)
