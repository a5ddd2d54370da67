"""The published loss of DRGN's first stage, run for a while at a tiny width."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lowlight_cli.models.drgn.config import DrgnConfig, SingleBranchConfig
from lowlight_cli.training.config import DataSettings, OptimizerSettings, RunSettings
from lowlight_cli.training.recipes.drgn_degradation import DegradationRecipe, run
from lowlight_cli.training.run_folder import RunFolder

STEPS = 200
TOY = DrgnConfig(generator=SingleBranchConfig(channels=8, modules=1, depth=1, reduction=2))


@pytest.fixture
def data(tmp_path: Path, make_picture) -> DataSettings:
    """Dark pictures, and bright pictures of other things."""
    for number in range(6):
        low = make_picture(tmp_path / "pairs" / "low" / f"{number}.png", (96, 80), seed=number)
        for folder, seed in (("pairs/high", number), ("photos", 50 + number)):
            noise = np.random.default_rng(seed).integers(0, 60, (80, 96, 3))
            bright = np.clip(np.asarray(Image.open(low)).astype(int) + 90 + noise, 0, 255)
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(bright.astype(np.uint8)).save(tmp_path / folder / f"{number}.png")
    return DataSettings(photos=(tmp_path / "photos",), pairs=tmp_path / "pairs", held_out=())


@pytest.mark.slow
@pytest.mark.parametrize("stage1", ["paper", "level"])
def test_the_degradation_becomes_negative_and_flat(data: DataSettings, tmp_path: Path, stage1: str) -> None:
    recipe = DegradationRecipe(
        model=TOY,
        data=data,
        stage1=stage1,
        critic_width=16,
        run=RunSettings(steps=STEPS, batch_size=2, crop=64, journal_every=10, sample_every=10 * STEPS),
        optimizer=OptimizerSettings(learning_rate=3e-3, warmup=10, clip=1e6),
    )
    run(recipe, RunFolder(tmp_path / "run", recipe), device=torch.device("cpu"))
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if "degradation_mean" in row]
    means = [row["degradation_mean"] for row in rows]
    assert means[0] > -0.05 > -0.1 > means[-1]
    assert rows[-1]["degradation_std"] < 0.1  # the numbers of the generators span 2
