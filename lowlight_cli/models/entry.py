"""What the table of models says of each: its sizes, its weights, where it comes from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lowlight_cli.catalog import Catalog


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
class PassCost:
    """What a pass through a model takes, in float32; `benchmarks/pass_costs.py` measures it.

    Attributes:
        bytes_per_pixel: Most bytes of tensors alive at a time, for each pixel of the input: the input and all
            that is computed from it, but neither weights nor what cuDNN and cuBLAS take for themselves.
        elements_per_pixel: Elements of the largest tensor, for each pixel of the input.
    """

    bytes_per_pixel: int
    elements_per_pixel: int


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
        pass_costs: What a pass takes, by preset. Weights from a file, whose settings may differ, count as the
            preset that is asked for.
        controls: Names of the fields of ``Controls`` that it acts on itself.
        weights: File of each preset; none for a model without parameters.
        stages: Shipped weights of earlier training stages, by name; training may start from them.
        views: Inner pictures that can be written beside the results.
        hidden: Whether lists leave it out, because it serves tests.
        removes_blur: Whether it is made for photos of a shaken camera, too.
    """

    name: str
    summary: str
    source: str
    licence: str
    presets: Presets
    default_preset: str
    build: Callable[[Any], Any]
    pass_costs: Mapping[str, PassCost]
    controls: frozenset[str] = frozenset()
    weights: Mapping[str, WeightsEntry] = field(default_factory=dict)
    stages: Mapping[str, WeightsEntry] = field(default_factory=dict)
    views: tuple[str, ...] = ()
    hidden: bool = False
    removes_blur: bool = False

    def pass_cost(self, preset: str | None) -> PassCost:
        """What a pass takes in a preset, or in the default one.

        Raises:
            UnknownNameError: There is no such preset.
        """
        return Catalog(f"preset of {self.name}", self.pass_costs)[preset or self.default_preset]

    @property
    def is_ready(self) -> bool:
        """Whether its default size runs without anything else from the user."""
        return not self.weights or self.weights[self.default_preset].shipped
