"""Tone curves, and who acts on which control."""

from pathlib import Path

import pytest
import torch

from lowlight_cli.errors import UsageError
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.control_support import control_handlers, describe_handlers
from lowlight_cli.pipeline.tone import MIDDLE_GRAY, Tone, apply_tone

RAMP = torch.linspace(0, 1, 101).expand(1, 3, 1, 101)
TURNS = (0.0, 0.5, 1.5, 2.0)


def test_nothing_turned_changes_nothing():
    assert torch.equal(apply_tone(RAMP, Tone()), RAMP)


@pytest.mark.parametrize("name", ["contrast", "brightness"])
@pytest.mark.parametrize("turn", TURNS)
def test_curves_rise_from_black_to_white_and_clip_nothing(name, turn):
    curve = apply_tone(RAMP, Tone(**{name: turn}))[0, 0, 0]
    assert (curve.diff() > 0).all()
    torch.testing.assert_close(curve[[0, -1]], torch.tensor([0.0, 1.0]))


@pytest.mark.parametrize("turn", TURNS)
def test_contrast_is_the_slope_at_middle_gray_which_stays(turn):
    step = 1e-3
    around = torch.tensor([MIDDLE_GRAY - step, MIDDLE_GRAY, MIDDLE_GRAY + step]).expand(1, 3, 1, 3)
    below, middle, above = apply_tone(around, Tone(contrast=turn))[0, 0, 0].tolist()
    assert middle == pytest.approx(MIDDLE_GRAY, abs=1e-6)
    assert (above - below) / (2 * step) == pytest.approx(2 ** ((turn - 1) / 2), rel=5e-3)


@pytest.mark.parametrize("turn", TURNS)
def test_brightness_is_the_gain_of_dark_pixels(turn):
    dark = torch.full((1, 3, 1, 1), 1e-3)
    assert float(apply_tone(dark, Tone(brightness=turn)).mean()) == pytest.approx(
        1e-3 * 2 ** (turn - 1), rel=5e-3
    )


def test_the_model_acts_before_the_tone_curve():
    turned = Controls(contrast=1.2, texture=0.5, brightness=0.9)
    assert set(control_handlers("codeenhance", turned).values()) == {"model"}
    handlers = control_handlers("glare", turned)
    assert handlers == {"contrast": "tone curve", "brightness": "tone curve", "texture": "model"}
    assert describe_handlers(handlers) == "contrast and brightness by the tone curve, texture by the model"
    assert describe_handlers(control_handlers("glare", Controls())) == ""


def test_a_control_that_nobody_acts_on_is_refused_with_a_way_out():
    with pytest.raises(UsageError, match=r"models that have it: glare --preset paper or lite-flow$"):
        control_handlers("codeenhance", Controls(temperature=0.5))


def test_a_control_that_only_other_presets_have_is_refused():
    warm = Controls(temperature=0.5)
    with pytest.raises(UsageError, match=r"^preset 'lite' of model 'glare' has no control 'temperature'"):
        control_handlers("glare", warm)
    assert control_handlers("glare", warm, preset="lite-flow") == {"temperature": "model"}
    assert control_handlers("glare", warm, checkpoint=Path("own.safetensors")) == {"temperature": "model"}
