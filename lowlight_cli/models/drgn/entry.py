"""DRGN and LW-DRGN in the table of models; torch-free."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from lowlight_cli.models.entry import ModelEntry, PassCost, Presets, WeightsEntry

if TYPE_CHECKING:
    from lowlight_cli.models.drgn.config import DrgnConfig

OWN_WEIGHTS_LICENCE = "MIT; terms of the training data in docs/models/drgn.md"


def _presets(name: str) -> "Mapping[str, DrgnConfig]":
    from lowlight_cli.models.drgn.config import PRESETS

    return PRESETS[name]


def _build(config: "DrgnConfig") -> object:
    from lowlight_cli.models.drgn.model import Drgn

    return Drgn(config)


def _untrained(file: str) -> WeightsEntry:
    return WeightsEntry(
        file,
        "those of whoever trained them",
        shipped=False,
        remedy="its authors published none; train them with `lle train drgn-refinement` and give them with "
        "--checkpoint",
    )


def _entry(name: str, summary: str, cost: PassCost, lite: WeightsEntry) -> ModelEntry:
    return ModelEntry(
        name=name,
        summary=summary,
        source="Jiang et al., Degrade is Upgrade: Learning Degradation for Low-Light Image Enhancement, "
        "AAAI 2022, arXiv:2103.10621",
        licence="MIT",
        presets=Presets(name, ("paper", "lite"), partial(_presets, name)),
        default_preset="lite",
        build=_build,
        pass_costs={"paper": cost, "lite": cost},
        weights={"paper": _untrained(f"{name}-paper.safetensors"), "lite": lite},
        views=("degradation", "base"),
    )


DRGN = _entry(
    "drgn",
    "Learns what darkness adds to a picture, takes it away, and refines the rest.",
    PassCost(1737, 128),
    WeightsEntry(
        "drgn-lite.safetensors",
        OWN_WEIGHTS_LICENCE,
        sha256="38ac365a99fe3573ac8a56e05d769444c78b22fa7b9b0695ded2b0cc8b3971c2",
    ),
)
LIGHT_DRGN = _entry(
    "lw-drgn",
    "DRGN with a network of a seventh of its size, for small machines.",
    PassCost(741, 64),
    WeightsEntry(
        "lw-drgn-lite.safetensors",
        OWN_WEIGHTS_LICENCE,
        sha256="1e4fc70232e95142a542b3fe7eb24465e4be776d05d4c9ed4f859ffe48f01574",
    ),
)
