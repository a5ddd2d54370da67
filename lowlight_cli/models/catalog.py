"""The one table of models; each entry imports its settings and its model when they are asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from lowlight_cli.catalog import Catalog

if TYPE_CHECKING:
    from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
    from lowlight_cli.models.drgn.config import DrgnConfig
    from lowlight_cli.models.glare.config import GlareConfig
    from lowlight_cli.models.no_settings import NoSettings
    from lowlight_cli.models.vqcnir.config import VqcnirConfig


@dataclass(frozen=True, slots=True)
class WeightsEntry:
    """A file of weights.

    Attributes:
        file: Its name.
        licence: Terms of the weights, which need not be those of the code.
        sha256: Digest of the file; None where it differs from user to user.
        shipped: Whether it comes with the package; else the user imports it.
        remedy: What to do where it is missing, if it cannot be imported.
    """

    file: str
    licence: str
    sha256: str | None = None
    shipped: bool = True
    remedy: str | None = None


class Presets(Mapping[str, Any]):
    """Settings of each size a model comes in.

    Help and completions need the names alone, and pydantic costs a tenth of a second; so the settings are
    imported at the first look at one of them.

    Args:
        model: Name of the model, for messages.
        names: All presets.
        load: Gives the settings of each name.
    """

    def __init__(self, model: str, names: tuple[str, ...], load: Callable[[], Mapping[str, Any]]) -> None:
        self._model = model
        self._names = names
        self._load = load

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - each model has a form of its own
        """Settings of a preset.

        Raises:
            UnknownNameError: There is no such preset.
        """
        return Catalog(f"preset of {self._model}", self._load())[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is such a preset."""
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """Names in order."""
        return iter(self._names)

    def __len__(self) -> int:
        """Number of presets."""
        return len(self._names)


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
        controls: Names of the fields of ``Controls`` that it acts on itself.
        weights: File of each preset; none for a model without parameters.
        stages: Shipped weights of earlier training stages, by name; training may start from them.
        views: Inner pictures that can be written beside the results.
        hidden: Whether lists leave it out, because it serves tests.
    """

    name: str
    summary: str
    source: str
    licence: str
    presets: Presets
    default_preset: str
    build: Callable[[Any], Any]
    controls: frozenset[str] = frozenset()
    weights: Mapping[str, WeightsEntry] = field(default_factory=dict)
    stages: Mapping[str, WeightsEntry] = field(default_factory=dict)
    views: tuple[str, ...] = ()
    hidden: bool = False


def _codeenhance_presets() -> "Mapping[str, CodeEnhanceConfig]":
    from lowlight_cli.models.codeenhance.config import PRESETS

    return PRESETS


def _codeenhance(config: "CodeEnhanceConfig") -> object:
    from lowlight_cli.models.codeenhance.model import CodeEnhance

    return CodeEnhance(config)


def _drgn_presets(name: str) -> "Mapping[str, DrgnConfig]":
    from lowlight_cli.models.drgn.config import PRESETS

    return PRESETS[name]


def _drgn(config: "DrgnConfig") -> object:
    from lowlight_cli.models.drgn.model import Drgn

    return Drgn(config)


def _untrained_drgn(file: str) -> WeightsEntry:
    return WeightsEntry(
        file,
        "those of whoever trained them",
        shipped=False,
        remedy="its authors published none; train them with `lle train drgn-refinement` and give them with "
        "--checkpoint",
    )


def _drgn_entry(name: str, summary: str, lite: WeightsEntry) -> ModelEntry:
    return ModelEntry(
        name=name,
        summary=summary,
        source="Jiang et al., Degrade is Upgrade: Learning Degradation for Low-Light Image Enhancement, "
        "AAAI 2022, arXiv:2103.10621",
        licence="MIT",
        presets=Presets(name, ("paper", "lite"), partial(_drgn_presets, name)),
        default_preset="lite",
        build=_drgn,
        weights={"paper": _untrained_drgn(f"{name}-paper.safetensors"), "lite": lite},
        views=("degradation", "base"),
    )


def _vqcnir_presets() -> "Mapping[str, VqcnirConfig]":
    from lowlight_cli.models.vqcnir.config import PRESETS

    return PRESETS


def _vqcnir(config: "VqcnirConfig") -> object:
    from lowlight_cli.models.vqcnir.model import Vqcnir

    return Vqcnir(config)


def _glare_presets() -> "Mapping[str, GlareConfig]":
    from lowlight_cli.models.glare.config import PRESETS

    return PRESETS


def _glare(config: "GlareConfig") -> object:
    from lowlight_cli.models.glare.model import Glare

    return Glare(config)


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
    controls=frozenset({"contrast", "brightness", "texture"}),
    weights={
        "lite": WeightsEntry(
            "codeenhance-lite.safetensors",
            OWN_WEIGHTS_LICENCE,
            sha256="55b5ee14c0d5756f1b8083743f79ccff547f666d45955ef69ea23de61b2e767f",
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

DRGN = _drgn_entry(
    "drgn",
    "Learns what darkness adds to a picture, takes it away, and refines the rest.",
    _untrained_drgn("drgn-lite.safetensors"),
)
LIGHT_DRGN = _drgn_entry(
    "lw-drgn",
    "DRGN with a network of a seventh of its size, for small machines.",
    WeightsEntry(
        "lw-drgn-lite.safetensors",
        "MIT; terms of the training data in docs/models/drgn.md",
        sha256="1e4fc70232e95142a542b3fe7eb24465e4be776d05d4c9ed4f859ffe48f01574",
    ),
)

VQCNIR = ModelEntry(
    name="vqcnir",
    summary="Brightens photos and removes the blur of a shaken camera, with a codebook of clear pictures.",
    source="Zou et al., VQCNIR: Clearer Night Image Restoration with Vector-Quantized Codebook, AAAI 2024, "
    "arXiv:2312.08606",
    licence="MIT",
    presets=Presets("vqcnir", ("paper", "lite"), _vqcnir_presets),
    default_preset="lite",
    build=_vqcnir,
    controls=frozenset({"texture"}),
    weights={
        "lite": WeightsEntry("vqcnir-lite.safetensors", "those of whoever trained them", shipped=False),
        "paper": WeightsEntry(
            "vqcnir-paper.safetensors", "none stated by the authors of VQCNIR", shipped=False
        ),
    },
)

GLARE = ModelEntry(
    name="glare",
    summary="Finds the codes of the well-lit picture with a flow, and fuses them with the dark one.",
    source="Zhou et al., GLARE: Low Light Image Enhancement via Generative Latent Feature based Codebook "
    "Retrieval, ECCV 2024, arXiv:2407.12431",
    licence="MIT",
    presets=Presets("glare", ("paper", "lite"), _glare_presets),
    default_preset="lite",
    build=_glare,
    controls=frozenset({"texture", "temperature"}),
    weights={
        "lite": WeightsEntry("glare-lite.safetensors", "those of whoever trained them", shipped=False),
        "paper": WeightsEntry("glare-paper.safetensors", "Apache-2.0, the authors of GLARE", shipped=False),
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
    hidden=True,
)

MODELS: Catalog[ModelEntry] = Catalog(
    "model",
    {entry.name: entry for entry in (CODEENHANCE, DRGN, LIGHT_DRGN, GLARE, VQCNIR, IDENTITY)},
)
