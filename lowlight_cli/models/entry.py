"""Entries of the model catalog: presets, cost, weights and terms of each model; torch-free."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from lowlight_cli.catalog import Catalog


@dataclass(frozen=True, slots=True)
class WeightsEntry:
    """A weights file.

    Attributes:
        file: File name.
        licence: Terms of the weights, which may differ from those of the code.
        sha256: Digest of the file; None for weights that users import.
        shipped: Whether the file is part of the package.
        page: Page of the authors, whether or not they published weights there.
        published: Names of the published files to import; empty if the authors published none.
        remedy: What to do if the file is missing.
    """

    file: str
    licence: str
    sha256: str | None = None
    shipped: bool = True
    page: str | None = None
    published: tuple[str, ...] = ()
    remedy: str | None = None

    @property
    def short_licence(self) -> str:
        """Name of the licence, for tables."""
        return self.licence.replace(";", ",").partition(",")[0]


@dataclass(frozen=True, slots=True)
class PassCost:
    """Memory of one forward pass in float32; ``benchmarks/pass_costs.py`` measures it.

    Attributes:
        bytes_per_pixel: Peak bytes of live tensors per input pixel: the input and everything computed from
            it, without weights and without the workspaces of cuDNN and cuBLAS.
        elements_per_pixel: Elements of the largest tensor per input pixel.
    """

    bytes_per_pixel: int
    elements_per_pixel: int


class Presets(Mapping[str, Any]):
    """Settings of a model by preset.

    Help and completion need only the names, and pydantic takes a tenth of a second to import; so the
    settings are imported when one of them is first read.

    Args:
        model: Name of the model, for messages.
        names: All presets.
        place: Where the table of settings is, as ``imported`` takes it.
    """

    def __init__(self, model: str, names: tuple[str, ...], place: str) -> None:
        self._model = model
        self._names = names
        self._place = place

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - each model has its own settings class
        """Settings of a preset.

        Raises:
            UnknownNameError: The model has no such preset.
        """
        return Catalog(f"preset of {self._model}", imported(self._place))[name]

    def __contains__(self, name: object) -> bool:
        """Whether the model has the preset; imports nothing."""
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
        summary: One line for lists.
        source: Paper that describes the model.
        network: The ``Enhancer`` class, which takes the settings, as ``imported`` takes it.
        settings: Table of settings by preset, as ``imported`` takes it.
        parameters: Number of parameters by preset.
        pass_costs: Memory of a pass by preset, in the order in which presets are listed. A weights file whose
            settings differ counts as the preset it is loaded with.
        licence: Terms of the code.
        default_preset: Preset used if none is given.
        controls: Fields of ``Controls`` that change the model's result, with one preset at least.
        lacking: Those of them that the network of a preset lacks, by preset.
        weights: File of each preset; empty for a model without parameters.
        stages: Further shipped weights by name: of earlier training stages, from which training can start,
            and of ``--deblur``.
        views: Intermediate images that can be written beside the results.
        hidden: Whether lists, completions and suggestions leave the model out; it serves tests.
        removes_blur: Whether the model is also trained to remove motion blur.
        takes_reference: Whether a reference image changes the result, with every preset.
    """

    name: str
    summary: str
    source: str
    network: str
    settings: str
    parameters: Mapping[str, int]
    pass_costs: Mapping[str, PassCost]
    licence: str = "MIT"
    default_preset: str = "lite"
    controls: frozenset[str] = frozenset()
    lacking: Mapping[str, frozenset[str]] = field(default_factory=dict)
    weights: Mapping[str, WeightsEntry] = field(default_factory=dict)
    stages: Mapping[str, WeightsEntry] = field(default_factory=dict)
    views: tuple[str, ...] = ()
    hidden: bool = False
    removes_blur: bool = False
    takes_reference: bool = False

    @property
    def presets(self) -> Presets:
        """Settings by preset."""
        return Presets(self.name, tuple(self.pass_costs), self.settings)

    def build(self, settings: Any) -> Any:  # noqa: ANN401 - an Enhancer, whose class needs torch
        """The ``Enhancer`` of these settings, with random weights; imports torch."""
        network: Callable[[Any], Any] = imported(self.network)
        return network(settings)

    def pass_cost(self, preset: str | None) -> PassCost:
        """Memory of a pass with a preset; None is the default one.

        Raises:
            UnknownNameError: The model has no such preset.
        """
        return Catalog(f"preset of {self.name}", self.pass_costs)[preset or self.default_preset]

    def controls_of(self, preset: str | None) -> frozenset[str]:
        """Fields of ``Controls`` that change the result of a preset; None is the default one."""
        return self.controls - self.lacking.get(preset or self.default_preset, frozenset())

    @property
    def is_ready(self) -> bool:
        """Whether the default preset runs without files from the user."""
        return not self.weights or self.weights[self.default_preset].shipped


def imported(place: str) -> Any:  # noqa: ANN401 - a class or a table
    """What ``module:name`` refers to, with ``module`` below ``lowlight_cli.models``; imports the module."""
    module, _, name = place.partition(":")
    return getattr(import_module(f"lowlight_cli.models.{module}"), name)
