"""VQCNIR in the table of models; torch-free."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lowlight_cli.models.entry import ModelEntry, PassCost, Presets, WeightsEntry

if TYPE_CHECKING:
    from lowlight_cli.models.vqcnir.config import VqcnirConfig


def _vqcnir_presets() -> "Mapping[str, VqcnirConfig]":
    from lowlight_cli.models.vqcnir.config import PRESETS

    return PRESETS


def _vqcnir(config: "VqcnirConfig") -> object:
    from lowlight_cli.models.vqcnir.model import Vqcnir

    return Vqcnir(config)


VQCNIR = ModelEntry(
    name="vqcnir",
    summary="Brightens photos, trained on blurred ones, too, with a codebook of clear pictures.",
    source="Zou et al., VQCNIR: Clearer Night Image Restoration with Vector-Quantized Codebook, AAAI 2024, "
    "arXiv:2312.08606",
    licence="MIT",
    presets=Presets("vqcnir", ("paper", "lite"), _vqcnir_presets),
    default_preset="lite",
    build=_vqcnir,
    pass_costs={"paper": PassCost(7805, 217), "lite": PassCost(1827, 48)},
    removes_blur=True,
    controls=frozenset({"texture"}),
    weights={
        "lite": WeightsEntry(
            "vqcnir-lite.safetensors",
            "MIT; terms of the training data in docs/models/vqcnir.md",
            sha256="eb67c27edc0a7ef8b1c20b8cee4e1d704c831d5cf023221110254d68fa4d0f7b",
        ),
        "paper": WeightsEntry(
            "vqcnir-paper.safetensors", "none stated by the authors of VQCNIR", shipped=False
        ),
    },
)
