"""Presets, the settings that a recipe can start from; torch-free.

``lite`` is the defaults of the settings classes: networks that train on a laptop. ``paper`` is the published
schedule. ``gpu`` has large batches that are made on the device.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lowlight_cli.catalog import Catalog
from lowlight_cli.errors import UsageError

PRESETS: Catalog[str] = Catalog(
    "preset",
    {
        "lite": "Small networks and a schedule of hours, as the shipped weights were made.",
        "paper": "The published networks, losses and schedule: days on a GPU.",
        "gpu": "Networks of `lite` and large batches made on the GPU: minutes to an hour.",
    },
)

_CONSTANT_RATE = MappingProxyType(
    {
        "learning_rate": 1e-4,
        "critic_rate": 4e-4,
        "betas": (0.9, 0.99),
        "warmup": 1,
        "final": 1.0,
        "clip": 1e6,  # practically none
        "average": 0.0,
    }
)
_OFTEN = MappingProxyType({"precision": "fp32", "sample_every": 5000, "save_every": 5000})
_WITHOUT_OUR_IMAGE_LOSSES = MappingProxyType(
    {"edge_weight": 0.0, "structure_weight": 0.0, "colour_weight": 0.0}
)
_GLARE_RATE = _CONSTANT_RATE | {
    "learning_rate": 5e-4,
    "betas": (0.9, 0.999),
    "warmup": 10,
    "final": 1 / 16,  # end of the four published halvings; here the rate falls as a cosine
}
_DRGN = MappingProxyType(
    {
        "optimizer": _CONSTANT_RATE | {"learning_rate": 5e-4, "critic_rate": 5e-4, "betas": (0.9, 0.999)},
        "darkened_share": 0.0,
        "on_grid": True,
        "decay": {"kind": "staircase"},
        "branch_gain": 1.0,
    }
)
_PUBLISHED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "vqgan": {
            "run": {
                "steps": 350_000,
                "batch_size": 16,
                "crop": 256,
                **_OFTEN,
            },
            "optimizer": _CONSTANT_RATE,
            **_WITHOUT_OUR_IMAGE_LOSSES,
            "perceptual_weight": 1.0,
            "critic_from": 0,
            "critic_width": 64,
            "codes_from": 0,
        },
        "codeenhance": {
            "run": {
                "steps": 60_000,
                "batch_size": 8,
                "crop": 256,
                **_OFTEN,
            },
            "optimizer": _CONSTANT_RATE,
            **_WITHOUT_OUR_IMAGE_LOSSES,
            "real_share": 1.0,
            "turned_share": 0.0,
            "referenced_share": 0.0,
            "commitment_weight": 1.0,
            "choice_weight": 0.0,
            "texture_weight": 1.0,
            "adversarial_weight": 0.1,
            "critic_width": 64,
        },
        "glare-vqgan": {
            "run": {"steps": 350_000, "batch_size": 16, "crop": 256, **_OFTEN},
            "optimizer": _CONSTANT_RATE,
            "edge_weight": 0.0,
            "structure_weight": 0.2,
            "colour_weight": 0.0,
            "perceptual_weight": 0.01,
            "semantic_weight": 0.1,
            "adversarial_weight": 5e-4,
            "critic_from": 0,
            "critic_width": 64,
            "codes_from": 0,
        },
        "glare-flow": {
            "run": {"steps": 80_000, "batch_size": 4, "crop": 320, **_OFTEN},
            "optimizer": _GLARE_RATE,
            "real_share": 1.0,
            "latent": {"likelihood": 1.0, "regression": 0.0, "noise": 0.0, "given_mean": 0.2},
        },
        "glare-fusion": {
            "run": {"steps": 40_000, "batch_size": 2, "crop": 256, **_OFTEN},
            "optimizer": _GLARE_RATE | {"learning_rate": 5e-5},
            "real_share": 1.0,
            "turned_share": 0.0,
            "joint": False,
            "edge_weight": 0.0,
            "structure_weight": 0.2,
            "many_scales": True,
            "colour_weight": 0.0,
        },
        "vqcnir-vqgan": {
            "run": {"steps": 350_000, "batch_size": 16, "crop": 256, **_OFTEN},
            "optimizer": _CONSTANT_RATE,
            **_WITHOUT_OUR_IMAGE_LOSSES,
            "perceptual_weight": 1.0,
            "semantic_weight": 0.1,
            "critic_from": 0,
            "critic_width": 64,
            "codes_from": 0,
        },
        "vqcnir": {
            "run": {"steps": 500_000, "batch_size": 8, "crop": 256, **_OFTEN},
            "optimizer": _CONSTANT_RATE
            | {"final": 1 / 16},  # end of the four published halvings; here the rate falls as a cosine
            **_WITHOUT_OUR_IMAGE_LOSSES,
            "blur": {"share": 0.0},
            "photo_gain": {"median": 1.0, "factor": 1.0},
            "real_share": 1.0,
            "turned_share": 0.0,
            "prior_weight": 0.0,
            "mean_weight": 0.0,
            "sharpness_weight": 0.0,
            "association_weight": 1.0,
            "adversarial_weight": 0.1,
            "critic_width": 64,
        },
        "drgn-degradation": {
            "run": {"steps": 14_400, "batch_size": 16, "crop": 96, **_OFTEN},
            **_DRGN,
            "stage1": "paper",
            "critic": "srgan",
            "critic_width": 64,
            "level_rate": 1.0,
        },
        "drgn-refinement": {
            "run": {"steps": 28_800, "batch_size": 16, "crop": 96, **_OFTEN},
            **_DRGN,
            "synthetic_share": 1.0,
            "edge_weight": 0.0,
            "colour_weight": 0.0,
            "validation_side": None,
        },
    }
)

_LARGE_BATCHES = MappingProxyType(
    {
        "data": {"on_device": True},
        "run": {"steps": 8000, "batch_size": 128, "sample_every": 1000, "save_every": 1000},
    }
)
_ON_GPU: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "codeenhance": {**_LARGE_BATCHES, "optimizer": {"learning_rate": 1e-3, "warmup": 300}},
        "codeenhance-tune": _LARGE_BATCHES,
        "glare-flow": _LARGE_BATCHES,
        "glare-fusion": _LARGE_BATCHES,
    }
)


def preset_of(recipe: str, preset: str | None) -> dict[str, Any]:
    """Settings of a preset for a recipe; empty for ``lite``, which is the defaults.

    Args:
        recipe: Name of the recipe.
        preset: Name of the preset, or None.

    Raises:
        UnknownNameError: There is no such preset.
        UsageError: The recipe does not have this preset.
    """
    if preset is None or PRESETS[preset] == PRESETS["lite"]:
        return {}
    if PRESETS[preset] == PRESETS["gpu"]:
        if recipe not in _ON_GPU:
            raise UsageError(f"{recipe} makes its batches on the CPU: remove --preset gpu")
        return dict(_ON_GPU[recipe])
    if recipe not in _PUBLISHED:
        raise UsageError(f"{recipe} has no published schedule: remove --preset {preset}")
    from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
    from lowlight_cli.models.drgn.config import DrgnConfig
    from lowlight_cli.models.glare.config import PRESETS as GLARE_PRESETS
    from lowlight_cli.models.glare.config import TAMING
    from lowlight_cli.models.vqcnir.config import PUBLISHED_PRIOR, VqcnirConfig
    from lowlight_cli.models.vqgan.config import VqganConfig

    # In training the ratio of means keeps its bound; a decoder that starts at random has means near zero.
    glare = GLARE_PRESETS["paper"].model_copy(update={"ratio_guard": True})
    shapes = {
        "vqgan": VqganConfig(),
        "codeenhance": CodeEnhanceConfig(),
        "glare-vqgan": TAMING,
        "glare-flow": glare,
        "glare-fusion": glare,
        "vqcnir-vqgan": PUBLISHED_PRIOR,
        "vqcnir": VqcnirConfig(),
    }
    return {**_PUBLISHED[recipe], "model": (shapes.get(recipe) or DrgnConfig()).model_dump()}
