"""A loss that explodes costs neither the weights nor the time of a run: it is skipped, left, and ended."""

import json

import numpy as np
import pytest
import tomlkit
import torch
from PIL import Image
from safetensors.torch import load_file

from lowlight_cli.losses import structure
from lowlight_cli.training.recipes.vqgan import VqganRecipe
from lowlight_cli.training.run_state import MOST_ROLLBACKS, TOO_MANY
from tests.contracts.narrow_recipes import NARROW_VQGAN
from tests.simulated_tf32 import SimulatedTf32

CALM = 24
"""Steps before products are rounded."""


def rounded_likeness(images, targets):
    """SSIM as it was computed once, in float32, where TF32 is allowed: variances become negative."""
    with SimulatedTf32():
        down, across = structure._blurring(64, images), structure._blurring(64, images).T
        planes = torch.stack([images, targets, images**2, targets**2, images * targets])
        mean_a, mean_b, square_a, square_b, product = down @ planes @ across
    variances, joint = square_a - mean_a**2 + square_b - mean_b**2, product - mean_a * mean_b
    c1, c2 = structure.STABILIZERS
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    found = (2 * joint + c2) / (variances + c2)
    return (luminance * found).mean(), found.mean()


@pytest.fixture
def words(tmp_path):
    """A run of stage I on bright, smooth photos, whose variances are smallest; one of ten is held out."""
    (tmp_path / "photos").mkdir()
    place = np.linspace(0, 3, 64)
    wave = np.sin(place)[:, None, None] * np.cos(place)[None, :, None] * 12
    for number in range(10):
        noise = np.random.default_rng(number).normal(0, 0.5, (64, 64, 3))
        pixels = np.clip(225 + wave + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    recipe = VqganRecipe(model=NARROW_VQGAN, codes_from=0, critic_from=10**6, critic_width=4)
    tree = recipe.model_dump(mode="json", exclude_none=True)
    del tree["data"]
    (tmp_path / "run.toml").write_text(tomlkit.dumps(tree))
    return (
        "train", "vqgan", "--config", tmp_path / "run.toml", "--data", tmp_path / "photos",
        "-o", tmp_path / "run", "--crop", 64, "--batch-size", 2, "--max-steps", 1000, "--ckpt-every", 20,
        "--val-every", 20, "--workers", 0, "--cache", "none", "--device", "cpu", "--precision", "fp32",
        "--lr", 0.005, "--set", "run.journal_every=1", "--set", "optimizer.warmup=1",
    )  # fmt: skip


def test_ssim_in_tf32_is_caught_and_the_best_weights_are_kept(run_lle, words, tmp_path, monkeypatch):
    exact, calls = structure._likeness, 0

    def likeness(images, targets):
        nonlocal calls
        calls += 1
        return (exact if calls <= CALM else rounded_likeness)(images, targets)

    monkeypatch.setattr(structure, "_likeness", likeness)
    run = run_lle(*words)
    assert (run.code, run.out) == (9, "")
    returns = [line for line in run.err.splitlines() if "rolling back to step 20" in line]
    assert len(returns) == MOST_ROLLBACKS
    assert f"{TOO_MANY} of 50 steps were skipped" in returns[0]
    assert f"again after {MOST_ROLLBACKS} rollbacks" in run.err
    assert str(tmp_path / "run" / "ckpt" / "best.safetensors") in run.err
    weights = load_file(tmp_path / "run" / "ckpt" / "best.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    scores = [row["psnr"] for row in rows if "psnr" in row]
    assert len(scores) == 1
    assert max(scores) > 15
    assert max(row["step"] for row in rows) < 60


def test_ssim_as_it_is_learns_on_under_tf32(run_lle, words, tmp_path):
    with SimulatedTf32() as mode:
        run = run_lle(*words, "--max-steps", 26, "--batch-size", 1)
    assert run.code == 0
    assert mode.products > 400
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert {row["skipped"] for row in rows if "skipped" in row} == {0.0}
