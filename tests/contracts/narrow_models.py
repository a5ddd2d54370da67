"""Every preset with few channels and blocks, which runs the same code in a few milliseconds."""

from functools import singledispatch
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel
from torch import nn

from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
from lowlight_cli.models.drgn.config import DrgnConfig, MultiResolutionConfig, SingleBranchConfig
from lowlight_cli.models.glare.config import FlowConfig, GlareConfig
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.models.semantic.config import SemanticConfig
from lowlight_cli.models.vqcnir.config import VqcnirConfig
from lowlight_cli.models.vqgan.config import VqganConfig

WIDTH = 8
GROUPS = 4
PICTURES = tuple(
    f"{part}.to_rgb.{key}" for part in ("decoder", "fusing.decoder") for key in ("bias", "2.bias")
)
"""Last bias of the decoders whose results are in [0, 1]."""


@singledispatch
def narrowed(config: BaseModel) -> Any:
    """The same settings with small sizes; settings that choose a branch of the code are kept."""
    return config


@narrowed.register
def _(config: VqganConfig) -> VqganConfig:
    sizes = {
        "stem_channels": WIDTH,
        "code_count": 32,
        "code_channels": min(config.code_channels, WIDTH),
        "groups": min(config.groups, GROUPS),
        "stem_blocks": 1,
        "latent_blocks": 1,
    }
    for part in ("encoder", "decoder"):
        blocks = getattr(config, f"{part}_blocks")
        sizes[f"{part}_channels"] = (WIDTH,) * len(blocks)
        sizes[f"{part}_blocks"] = tuple(min(count, 1) for count in blocks)
    return config.model_copy(update=sizes)


@narrowed.register
def _(config: SemanticConfig) -> SemanticConfig:
    return config.model_copy(update={"channels": (WIDTH,) * 3, "blocks": (1, 1, 1)})


@narrowed.register
def _(config: CodeEnhanceConfig) -> CodeEnhanceConfig:
    return config.model_copy(update={"vqgan": narrowed(config.vqgan), "semantic": narrowed(config.semantic)})


@narrowed.register
def _(config: GlareConfig) -> GlareConfig:
    return config.model_copy(
        update={"vqgan": narrowed(config.vqgan), "flow": narrowed(config.flow), "condition_channels": WIDTH}
    )


@narrowed.register
def _(config: FlowConfig) -> FlowConfig:
    return config.model_copy(update={"plain_steps": 1, "coupled_steps": 1, "hidden": WIDTH})


@narrowed.register
def _(config: VqcnirConfig) -> VqcnirConfig:
    return config.model_copy(
        update={
            "vqgan": narrowed(config.vqgan),
            "blocks": 1,
            "head_width": min(config.head_width, WIDTH // 2),
        }
    )


@narrowed.register
def _(config: DrgnConfig) -> DrgnConfig:
    return config.model_copy(update={"generator": narrowed(config.generator)})


@narrowed.register
def _(config: MultiResolutionConfig) -> MultiResolutionConfig:
    return config.model_copy(update={"channels": WIDTH, "blocks": (1, 1, 1), "depth": 1})


@narrowed.register
def _(config: SingleBranchConfig) -> SingleBranchConfig:
    return config.model_copy(update={"channels": WIDTH, "modules": 1, "depth": 1})


class Case(NamedTuple):
    """A model with small sizes."""

    model: str
    config: Any


def altered(config: BaseModel, **changes: object) -> BaseModel:
    """The same settings with others in place of some; ``a__b`` is the field b of the field a."""
    for path, value in changes.items():
        name, _, rest = path.partition("__")
        changed = altered(getattr(config, name), **{rest: value}) if rest else value
        config = config.model_copy(update={name: changed})
    return config


BRANCHES: dict[str, list[tuple[str, dict[str, object]]]] = {
    "codeenhance": [
        ("lite", {"embedding": "none"}),
        ("lite", {"codebook": "plain"}),
        ("lite", {"codebook": "unused", "reference_encoder": False}),
        ("lite", {"texture_transform": False}),
        ("lite", {"perceptual_transform": False}),
        ("lite", {"vqgan__groups": GROUPS, "vqgan__act": "silu"}),
        ("paper", {"semantic__normalize": True, "lift_target": 0.4}),
    ],
    "drgn": [
        ("lite", {"value_range": "unit"}),
        ("lite", {"generator__pyramid": "box", "generator__ascent": "cascade"}),
        ("lite", {"generator__merge": "conv1", "generator__activation": "relu", "generator__bias": True}),
        ("lite", {"generator__merge": "sum", "generator__activation": "leaky"}),
    ],
    "glare": [
        ("lite", {"fusion": "published", "residual": False}),
        ("lite-flow", {"fusion": "published", "residual": False}),
        ("lite", {"deform_groups": (0, 2), "lift_target": None}),
        ("paper", {"fusion": "balanced", "residual": True}),
        ("paper", {"padding": "min", "ratio_guard": True}),
    ],
    "vqcnir": [
        ("lite", {"padding": "official", "skips": False}),
        ("lite", {"vqgan__groups": GROUPS, "vqgan__act": "silu", "reach": None}),
    ],
}
"""Settings that run code which no preset runs, by model: a preset, and the settings to change in it."""

CASES = [
    *(
        pytest.param(Case(name, narrowed(entry.presets[preset])), id=f"{name}-{preset}")
        for name, entry in MODELS.items()
        for preset in entry.presets
    ),
    *(
        pytest.param(
            Case(name, altered(narrowed(MODELS[name].presets[preset]), **changes)),
            id=f"{name}-{preset}-{'-'.join(f'{key}={value}' for key, value in changes.items())}",
        )
        for name, branches in BRANCHES.items()
        for preset, changes in branches
    ),
]


def narrow_model(case: Case) -> Enhancer:
    """A model with random weights, in evaluation mode.

    No weight is zero, which would hide what comes before it, and results lie around 0.5, so that few values
    are clamped.
    """
    model: Enhancer = MODELS[case.model].build(case.config).eval().requires_grad_(requires_grad=False)
    for key, parameter in model.named_parameters():
        if key.startswith(PICTURES):
            nn.init.constant_(parameter, 0.5)
        elif parameter.ndim > 1 and not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return model
