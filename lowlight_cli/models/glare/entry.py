"""GLARE in the table of models; torch-free."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lowlight_cli.models.entry import ModelEntry, PassCost, Presets, WeightsEntry

if TYPE_CHECKING:
    from lowlight_cli.models.glare.config import GlareConfig


def _glare_presets() -> "Mapping[str, GlareConfig]":
    from lowlight_cli.models.glare.config import PRESETS

    return PRESETS


def _glare(config: "GlareConfig") -> object:
    from lowlight_cli.models.glare.model import Glare

    return Glare(config)


GLARE = ModelEntry(
    name="glare",
    summary="Finds the codes of the well-lit picture with a flow, and fuses them with the dark one.",
    source="Zhou et al., GLARE: Low Light Image Enhancement via Generative Latent Feature based Codebook "
    "Retrieval, ECCV 2024, arXiv:2407.12431",
    licence="MIT",
    presets=Presets("glare", ("paper", "lite"), _glare_presets),
    default_preset="lite",
    build=_glare,
    pass_costs={"paper": PassCost(11023, 256), "lite": PassCost(363, 32)},
    controls=frozenset({"texture", "temperature"}),
    weights={
        "lite": WeightsEntry(
            "glare-lite.safetensors",
            "MIT; terms of the training data in docs/models/glare.md",
            sha256="43d06f0636b957c5cb3f9df2227dc58f86e0495f51bdc2621d8edf1c9bb4218e",
        ),
        "paper": WeightsEntry("glare-paper.safetensors", "Apache-2.0, the authors of GLARE", shipped=False),
    },
)
