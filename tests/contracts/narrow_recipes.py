"""Recipes with networks so narrow that a run takes a moment, for whoever trains them in tests."""

from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from lowlight_cli.models.codeenhance.config import PRESETS as CODEENHANCE_PRESETS
from lowlight_cli.models.drgn.config import DrgnConfig, SingleBranchConfig
from lowlight_cli.models.glare.config import PRESETS as GLARE_PRESETS
from lowlight_cli.models.glare.config import FlowConfig
from lowlight_cli.models.semantic.config import SemanticConfig
from lowlight_cli.models.vqcnir.config import PRESETS as VQCNIR_PRESETS
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.config import DataSettings, OptimizerSettings, Recipe, RunSettings
from lowlight_cli.training.run_folder import RunFolder

CPU = torch.device("cpu")
NARROW_DRGN = DrgnConfig(generator=SingleBranchConfig(channels=8, modules=1, depth=1), lift_target=0.4)
NARROW_VQGAN = VqganConfig(
    stem_channels=8,
    encoder_channels=(8, 8, 8),
    encoder_blocks=(1, 1, 1),
    code_count=32,
    code_channels=4,
    decoder_channels=(8, 8, 8),
    decoder_blocks=(1, 1, 1),
    groups=0,
    act="leaky",
)
NARROW_SEMANTIC = SemanticConfig(channels=(8, 8, 8), blocks=(1, 1, 1))
NARROW_CODEENHANCE = CODEENHANCE_PRESETS["lite"].model_copy(
    # Attention needs two channels a head at least, of twice these.
    update={"vqgan": NARROW_VQGAN.model_copy(update={"code_channels": 8}), "semantic": NARROW_SEMANTIC}
)
NARROW_GLARE = GLARE_PRESETS["lite"].model_copy(
    update={"vqgan": NARROW_VQGAN, "condition_channels": 8, "flow": FlowConfig(coupled_steps=1, hidden=8)}
)
NARROW_VQCNIR = VQCNIR_PRESETS["lite"].model_copy(
    update={"vqgan": NARROW_VQGAN, "blocks": 1, "head_width": 4, "warp_groups": (2, 1, 1, 1)}
)
OWN_SETTINGS = {
    "semantic": {"model": NARROW_SEMANTIC},
    "vqgan": {"model": NARROW_VQGAN, "codes_from": 1, "critic_from": 1, "critic_width": 4},
    "codeenhance": {"model": NARROW_CODEENHANCE, "critic_width": 4},
    "codeenhance-tune": {"model": NARROW_CODEENHANCE},
    "drgn-degradation": {"model": NARROW_DRGN, "stage1": "paired", "critic": "pooled", "critic_width": 4},
    "glare-flow": {"model": NARROW_GLARE},
    "glare-fusion": {"model": NARROW_GLARE},
    "drgn-refinement": {"model": NARROW_DRGN, "synthetic_share": 1.0},
    "vqcnir": {"model": NARROW_VQCNIR, "critic_width": 4, "adversarial_weight": 0.01, "still_until": 1},
}


def tiny_data(folder: Path, make_picture: Callable[..., Path]) -> DataSettings:
    """Writes a few pictures, labels and pairs, enough for every recipe."""
    (folder / "labels").mkdir()
    for number in range(12):
        make_picture(folder / "photos" / f"{number}.png", (72, 70), seed=number)
        Image.new("L", (36, 35), number % 3).save(folder / "labels" / f"{number}.png")
    for number in range(2):
        make_picture(folder / "pairs" / "low" / f"{number}.png", (72, 70), seed=number)
        make_picture(folder / "pairs" / "high" / f"{number}.png", (72, 70), seed=number + 5)
    return DataSettings(
        photos=(folder / "photos",),
        labels=folder / "labels",
        label_root=folder / "photos",
        pairs=folder / "pairs",
        held_out=("1",),
        cache="none",
    )


def settings(name: str, data: DataSettings, steps: int, **run: object) -> Recipe:
    shared = RunSettings(
        steps=steps, batch_size=2, crop=64, save_every=100, sample_every=100, journal_every=1, **run
    )
    optimizer = OptimizerSettings(warmup=1, learning_rate=2e-3)
    return RECIPES[name].settings_class()(data=data, run=shared, optimizer=optimizer, **OWN_SETTINGS[name])


def train(name: str, recipe: Recipe, folder: Path) -> dict[str, torch.Tensor]:
    RECIPES[name].run()(recipe, RunFolder(folder, recipe), device=CPU)
    return torch.load(folder / "ckpt" / "last.pt", weights_only=True)
