"""The blur benchmark: how photos are taken, and what counts as a steep edge."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from benchmarks import night_blur

SCRIPT = Path(night_blur.__file__)


@pytest.fixture
def clear():
    nodes = torch.rand(1, 3, 9, 11, generator=torch.Generator().manual_seed(0))
    return (0.1 + 0.7 * interpolate(nodes, (54, 66), mode="nearest")).contiguous()


def test_paths_are_smooth_and_as_long_as_is_said():
    for number in range(60):
        shake = night_blur.shake_of(number)
        steps = shake.path.diff(dim=0)
        assert 8 <= shake.length <= 24
        assert 1 / 30 <= shake.light <= 1 / 6
        assert float(steps.norm(dim=1).sum()) == pytest.approx(shake.length, rel=0.01)
        heading = torch.atan2(steps[:, 0], steps[:, 1]).diff()
        turns = torch.atan2(heading.sin(), heading.cos())
        assert turns.abs().max() < 0.05


def test_lengths_and_light_are_spread_over_their_ranges_whatever_the_number_of_photos():
    for count in (12, 24, 60):
        shakes = [night_blur.shake_of(number) for number in range(count)]
        lengths = torch.tensor([shake.length for shake in shakes])
        light = torch.tensor([shake.light for shake in shakes]).log()
        for values, wide in ((lengths, 16.0), (light, math.log(5))):
            assert values.max() - values.min() > 0.75 * wide
            assert values.std() == pytest.approx(wide / 12**0.5, rel=0.25)


def test_a_photo_is_taken_alike_each_time_and_shaking_smears_it(clear):
    shake = night_blur.shake_of(3)
    still, again, shaken = (
        night_blur.taken(clear, None, shake, 3, is_shaken=is_shaken) for is_shaken in (False, False, True)
    )
    assert torch.equal(still, again)
    assert night_blur.edge_slopes(shaken, clear)["along"] < 0.5
    assert night_blur.edge_slopes(still, clear)["along"] > 0.8
    torch.testing.assert_close(shaken * 255, (shaken * 255).round(), rtol=0, atol=1e-3)


def test_streaks_of_lamps_clip_at_the_white_of_the_dark_photo():
    clear = torch.full((1, 3, 64, 64), 0.1)
    clear[..., 28:36, 28:36] = 1.0
    shake = night_blur.shake_of(0)
    shaken = night_blur.taken(clear, None, shake, 0, is_shaken=True)
    noise = (night_blur.SHOT * shake.light + night_blur.READ**2) ** 0.5
    light = night_blur.to_linear(shaken)
    assert light.max() < shake.light + 6 * noise
    streak = avg_pool2d(light.mean(1, keepdim=True), 3, stride=1) > 0.9 * shake.light
    assert streak.sum() > 1.5 * 8 * 8  # larger than the lamp


def test_a_dark_partner_is_left_as_it_is_by_a_still_camera(clear):
    dark = (clear * 0.1 * 255).round() / 255
    shake = night_blur.shake_of(5)
    assert night_blur.taken(clear, dark, shake, 5, is_shaken=False) is dark
    shaken = night_blur.taken(clear, dark, shake, 5, is_shaken=True)
    assert float(shaken.mean()) == pytest.approx(float(dark.mean()), rel=0.15)
    assert night_blur.edge_slopes(shaken, dark)["along"] < 0.6


def test_slopes_ignore_light_and_contrast_and_one_of_them_ignores_noise(clear):
    dim = 0.2 + 0.4 * clear
    noisy = clear + 0.1 * torch.randn(clear.shape, generator=torch.Generator().manual_seed(1))
    soft = interpolate(avg_pool2d(clear, 6), clear.shape[2:], mode="bilinear")
    for value in night_blur.edge_slopes(dim, clear).values():
        assert value == pytest.approx(1.0, abs=1e-3)
    assert night_blur.edge_slopes(noisy, clear)["along"] < 1.02
    assert all(value < 0.6 for value in night_blur.edge_slopes(soft, clear).values())
    flat = night_blur.edge_slopes(soft, clear)
    grainy = night_blur.edge_slopes(
        soft + 0.1 * torch.randn(clear.shape, generator=torch.Generator().manual_seed(2)), clear
    )
    assert grainy["slope"] > flat["slope"] + 0.05
    assert grainy["along"] < flat["along"] + 0.02


def test_it_scores_a_list_of_models_and_writes_all_numbers(make_picture, tmp_path):
    for number in range(3):
        make_picture(tmp_path / "photos" / "some" / f"{number}_full.png", (48, 40), seed=number)
    make_picture(tmp_path / "photos" / "9_tile.png", (48, 40), seed=9)
    (tmp_path / "names.txt").write_text("0\n2\n9")
    command = [sys.executable, SCRIPT, "--photos", tmp_path / "photos", "--match", "*_full*"]
    command += ["--names", tmp_path / "names.txt", "--json", tmp_path / "out.json", "identity"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=SCRIPT.parents[1])
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["photos"] == 2
    assert [row["photo"] for row in document["each"]] == ["0_full.png", "2_full.png"]
    assert document["means"]["identity"] == document["means"]["input"]
    assert document["means"]["input"]["shaken"]["along"] < document["means"]["input"]["still"]["along"]
    assert "identity" in run.stdout
    assert "2 photos" in run.stdout
