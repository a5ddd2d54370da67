"""Two pictures can be learned by heart: the check that a recipe learns at all."""

import numpy as np
import pytest
import torch
from PIL import Image

from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.config import DataSettings, OptimizerSettings, RunSettings
from lowlight_cli.training.metrics_log import MetricsLog
from lowlight_cli.training.run_folder import RunFolder


def smooth_picture(number: int) -> Image.Image:
    """Bright colors that change slowly."""
    down, across = np.mgrid[0:70, 0:72] / 70
    red = 0.3 + 0.5 * np.sin(3 * across + number) ** 2
    green = 0.2 + 0.6 * down * (1 - number * 0.5)
    blue = 0.6 - 0.4 * across * down + 0.2 * number
    pixels = np.stack([red, green, blue], -1).clip(0, 1)
    return Image.fromarray((pixels * 255).astype(np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "steps", "number", "own"),
    [
        ("vqgan", 300, "loss", {"codes_from": 100, "critic_from": 1000}),
        # The codes of an untrained stage I, which part of its loss is about, are nothing to learn.
        ("codeenhance", 200, "pixel", {"referenced_share": 0.0, "turned_share": 0.0, "critic_width": 4}),
    ],
)
def test_the_loss_on_two_pictures_falls_to_a_tenth(name, steps, number, own, tmp_path):
    for place in range(3):
        path = tmp_path / "photos" / f"{place}.png"
        path.parent.mkdir(exist_ok=True)
        smooth_picture(place).save(path)
    recipe = RECIPES[name].settings_class()(
        data=DataSettings(photos=(tmp_path / "photos",)),
        run=RunSettings(steps=steps, batch_size=2, crop=64, overfit=2, journal_every=1, sample_every=steps),
        optimizer=OptimizerSettings(warmup=10, learning_rate=2e-3),
        **own,
    )
    RECIPES[name].run()(recipe, RunFolder(tmp_path / "run", recipe), device=torch.device("cpu"))
    values = [value for _, value in MetricsLog(tmp_path / "run").curve(number)]
    assert len(values) == steps
    assert sum(values[-5:]) / 5 < values[0] / 10
