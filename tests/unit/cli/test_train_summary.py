"""The command that a training prints for the next stage."""

from pathlib import Path

import pytest
import typer
from click import Command

from lowlight_cli.cli.train_request import Given, TrainingRequest
from lowlight_cli.cli.train_summary import next_step
from lowlight_cli.models.drgn.config import PRESETS
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.config import DataSettings


def step(name, *given, preset=None, preset_name=None, **settings):
    context = typer.Context(Command("train"))
    recipe = RECIPES[name].settings_class()(**settings)
    made = tuple(Given(*each) for each in given)
    request = TrainingRequest(context, None, preset, None, made, (), False, False, False)
    return next_step(preset_name or name, recipe, request).format(weights="W", model="M")


PAIRED = {"data": DataSettings(pairs=("p",))}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            lambda: step("glare-flow", ("vqgan", Path("a b.safetensors")), **PAIRED),
            "--start W --pairs PAIRS --vqgan 'a b.safetensors' --out OUT",
        ),
        (lambda: step("glare-flow", ("vqgan", None)), "--data PHOTOS --start W --out OUT"),
        (
            lambda: step("drgn-degradation", model=PRESETS["drgn"]["lite"]),
            "--degradation W --size drgn --out OUT",
        ),
        (lambda: step("drgn-degradation"), "--degradation W --out OUT"),
        (
            lambda: step("drgn-degradation", preset="paper"),
            "--degradation W --size lw-drgn --preset paper --out OUT",
        ),
        (
            lambda: step("vqgan", preset="paper", preset_name="glare-vqgan"),
            "glare --stage 2 --data PHOTOS --vqgan W --preset paper --out OUT",
        ),
        (lambda: step("codeenhance", **PAIRED), "lle enhance PHOTOS -o OUT -m M --checkpoint W"),
    ],
)
def test_the_next_command_has_the_options_that_it_needs(found, expected):
    assert found().endswith(expected)
