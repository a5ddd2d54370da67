"""The one table of models; torch-free, each entry imports its model when it is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from lowlight_cli.catalog import Catalog
from lowlight_cli.models.codeenhance.config import PRESETS as CODEENHANCE_PRESETS
from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig


@dataclass(frozen=True, slots=True)
class WeightsEntry:
    """A file of weights.

    Attributes:
        file: Its name.
        licence: Terms of the weights, which need not be those of the code.
        sha256: Digest of the file; None where it differs from user to user.
        shipped: Whether it comes with the package; else the user imports it.
    """

    file: str
    licence: str
    sha256: str | None = None
    shipped: bool = True


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model that ``lle enhance --model`` can run.

    Attributes:
        name: Name in the catalog.
        summary: One line for a person.
        source: Paper the model comes from.
        licence: Terms of the code.
        presets: Settings of each size it comes in.
        default_preset: The size to take where none is given.
        build: Settings to an ``Enhancer`` with random weights; imports torch.
        weights: File of each preset; none for a model without parameters.
        stages: Shipped weights of earlier training stages, by name; training may start from them.
        hidden: Whether lists leave it out, because it serves tests.
    """

    name: str
    summary: str
    source: str
    licence: str
    presets: Catalog[Any]
    default_preset: str
    build: Callable[[Any], Any]
    weights: Mapping[str, WeightsEntry] = field(default_factory=dict)
    stages: Mapping[str, WeightsEntry] = field(default_factory=dict)
    hidden: bool = False


class NoSettings(BaseModel):
    """Settings of a model that has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _codeenhance(config: CodeEnhanceConfig) -> object:
    from lowlight_cli.models.codeenhance.model import CodeEnhance

    return CodeEnhance(config)


def _identity(_config: NoSettings) -> object:
    from lowlight_cli.models.identity import Identity

    return Identity()


OWN_WEIGHTS_LICENCE = "MIT; trained by the lle contributors, see docs/models/codeenhance.md"

CODEENHANCE = ModelEntry(
    name="codeenhance",
    summary="Looks up well-lit detail in a learned codebook, guided by the semantics of the scene.",
    source="Wu et al., CodeEnhance: A Codebook-Driven Approach for Low-Light Image Enhancement, 2024, "
    "arXiv:2404.05253",
    licence="MIT",
    presets=Catalog("preset of codeenhance", CODEENHANCE_PRESETS),
    default_preset="lite",
    build=_codeenhance,
    weights={
        "lite": WeightsEntry("codeenhance-lite.safetensors", OWN_WEIGHTS_LICENCE, sha256=None),
        "paper": WeightsEntry(
            "codeenhance-paper.safetensors", "CC BY-NC 4.0, the authors of CodeEnhance", shipped=False
        ),
    },
    stages={
        "vqgan": WeightsEntry("vqgan-lite.safetensors", OWN_WEIGHTS_LICENCE, sha256=None),
        "semantic": WeightsEntry("semantic-lite.safetensors", OWN_WEIGHTS_LICENCE, sha256=None),
    },
)

IDENTITY = ModelEntry(
    name="identity",
    summary="Leaves every picture as it is; for tests of everything around a model.",
    source="none",
    licence="MIT",
    presets=Catalog("preset of identity", {"lite": NoSettings()}),
    default_preset="lite",
    build=_identity,
    hidden=True,
)

MODELS: Catalog[ModelEntry] = Catalog("model", {entry.name: entry for entry in (CODEENHANCE, IDENTITY)})
