"""The one table of models; each entry imports its settings and its model when they are asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lowlight_cli.catalog import Catalog
from lowlight_cli.models.drgn.entry import DRGN, LIGHT_DRGN
from lowlight_cli.models.entry import ModelEntry, PassCost, Presets, WeightsEntry
from lowlight_cli.models.glare.entry import GLARE
from lowlight_cli.models.vqcnir.entry import VQCNIR

if TYPE_CHECKING:
    from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
    from lowlight_cli.models.no_settings import NoSettings


def _codeenhance_presets() -> "Mapping[str, CodeEnhanceConfig]":
    from lowlight_cli.models.codeenhance.config import PRESETS

    return PRESETS


def _codeenhance(config: "CodeEnhanceConfig") -> object:
    from lowlight_cli.models.codeenhance.model import CodeEnhance

    return CodeEnhance(config)


def _identity_presets() -> "Mapping[str, NoSettings]":
    from lowlight_cli.models.no_settings import NoSettings

    return {"lite": NoSettings()}


def _identity(_config: "NoSettings") -> object:
    from lowlight_cli.models.identity import Identity

    return Identity()


OWN_WEIGHTS_LICENCE = "MIT; terms of the training data in docs/models/codeenhance.md"

CODEENHANCE = ModelEntry(
    name="codeenhance",
    summary="Looks up well-lit detail in a learned codebook, guided by the semantics of the scene.",
    source="Wu et al., CodeEnhance: A Codebook-Driven Approach for Low-Light Image Enhancement, 2024, "
    "arXiv:2404.05253",
    licence="MIT",
    presets=Presets("codeenhance", ("paper", "lite"), _codeenhance_presets),
    default_preset="lite",
    build=_codeenhance,
    pass_costs={"paper": PassCost(2061, 128), "lite": PassCost(335, 32)},
    controls=frozenset({"contrast", "brightness", "texture"}),
    weights={
        "lite": WeightsEntry(
            "codeenhance-lite.safetensors",
            OWN_WEIGHTS_LICENCE,
            sha256="6b8b9137ebcc06997e4bc77d8465a6562b2e5ea58d47f28e5ad427850274b2b6",
        ),
        "paper": WeightsEntry(
            "codeenhance-paper.safetensors", "CC BY-NC 4.0, the authors of CodeEnhance", shipped=False
        ),
    },
    stages={
        "vqgan": WeightsEntry(
            "vqgan-lite.safetensors",
            OWN_WEIGHTS_LICENCE,
            sha256="2c77ee8c43819c0518a63113b50a4dfb640c424315935a17cfc25473c49c9c0d",
        ),
        "semantic": WeightsEntry(
            "semantic-lite.safetensors",
            OWN_WEIGHTS_LICENCE,
            sha256="610fe0b288787b89485329852bae527528466b124b720144899d3feaa5c30db6",
        ),
    },
)

IDENTITY = ModelEntry(
    name="identity",
    summary="Leaves every picture as it is; for tests of everything around a model.",
    source="none",
    licence="MIT",
    presets=Presets("identity", ("lite",), _identity_presets),
    default_preset="lite",
    build=_identity,
    pass_costs={"lite": PassCost(12, 3)},
    hidden=True,
)

MODELS: Catalog[ModelEntry] = Catalog(
    "model",
    {entry.name: entry for entry in (CODEENHANCE, DRGN, LIGHT_DRGN, GLARE, VQCNIR, IDENTITY)},
)
