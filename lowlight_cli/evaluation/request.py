"""Says what one evaluation is asked to do: images, methods, metrics and protocol; torch-free."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lowlight_cli.datasets.catalog import find_dataset
from lowlight_cli.datasets.matching import PairBy
from lowlight_cli.errors import UsageError
from lowlight_cli.evaluation import defaults
from lowlight_cli.evaluation.catalog import METRICS
from lowlight_cli.evaluation.columns import column_names
from lowlight_cli.evaluation.methods import Method, default_methods, parse_methods
from lowlight_cli.evaluation.protocols import PROTOCOLS
from lowlight_cli.pipeline.control_support import control_handlers
from lowlight_cli.pipeline.settings import EnhanceSettings


def metric_names(names: object) -> tuple[str, ...]:
    """Names of metrics, each once, from ``psnr,ssim`` or a sequence of such lists.

    Raises:
        UnknownNameError: There is no such metric.
        UsageError: There is no name.
    """
    words = [word for text in _items(names) for word in str(text).split(",")]
    found = tuple(dict.fromkeys(word.strip().lower() for word in words if word.strip()))
    if not found:
        raise UsageError(f"--metrics names no metric; known: {', '.join(METRICS)}")
    return tuple(METRICS[name].name for name in found)


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _strings(value: object) -> tuple[str, ...]:
    """One string or path, or several of them, as strings."""
    return tuple(str(each) for each in _items(value))


Strings = Annotated[tuple[str, ...], BeforeValidator(_strings)]


class EvalRequest(BaseModel):
    """One evaluation.

    Attributes:
        dataset: Name of a dataset to score on; None for folders.
        split: Part of the dataset; None for the one that papers report on.
        data_root: Folder that holds datasets; None searches the usual places.
        low: Folder of dark images, in place of a dataset.
        gt: Folder of their references.
        pair_by: ``stem`` pairs files of equal names, ``order`` those at equal positions in the sorted lists.
        limit: Number of images to score; None for all.
        methods: Models and classic methods: ``codeenhance``, ``codeenhance:paper``, ``codeenhance=FILE``,
            ``gamma``, with a label if one is before it: ``mine: codeenhance=FILE``. If this and ``pred`` are
            empty, the default model, and without references also ``input``.
        pred: Folders of results made elsewhere: ``DIR`` or ``NAME=DIR``.
        settings: How models enhance: controls, device, precision, batches and tiles. ``preset`` and
            ``checkpoint`` are for the only model among ``methods``; ``model`` is not used.
        metrics: Names in ``METRICS``; a string of names with commas between them is split.
        protocol: Name in ``PROTOCOLS``.
        gt_mean: Whether scores are also computed after the brightness was aligned with the reference.
        metrics_dir: Folder of metric files that is searched first.
        download: Whether to download missing metric files.
        save_pred: Folder to write results to, as PNG; None writes none. Files that no evaluation wrote are
            never replaced.
        thumbnails: Whether small copies of the worst and the best results are kept, for a page.

    Raises:
        UsageError: Two values contradict each other, or one has no effect.
        UnknownNameError: There is no such dataset, method, preset, metric or protocol.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str | None = None
    split: str | None = None
    data_root: Path | None = None
    low: Path | None = None
    gt: Path | None = None
    pair_by: PairBy = "stem"
    limit: int | None = Field(default=None, ge=1)
    methods: Strings = ()
    pred: Strings = ()
    settings: EnhanceSettings = EnhanceSettings(precision=defaults.PRECISION)
    metrics: Annotated[tuple[str, ...], BeforeValidator(metric_names)] = defaults.METRICS
    protocol: str = defaults.PROTOCOL
    gt_mean: bool = False
    metrics_dir: Path | None = None
    download: bool = False
    save_pred: Path | None = None
    thumbnails: bool = False

    @model_validator(mode="after")
    def _check(self) -> "EvalRequest":
        methods = self.parsed_methods()
        self._check_images(methods)
        self._check_effects(methods)
        _ = PROTOCOLS[self.protocol]
        if not self.columns():
            raise UsageError(f"{', '.join(self.metrics)}: needs references{self._reference_advice()}")
        for each in methods:
            if each.kind == "model":
                # Raises for a control that it does not have.
                control_handlers(
                    each.name, self.settings.controls, preset=each.preset, checkpoint=each.checkpoint
                )
        return self

    def parsed_methods(self) -> tuple[Method, ...]:
        """The methods to compare, those of ``methods`` first."""
        settings = self.settings
        words = self.methods or (() if self.pred else default_methods(has_references=self._has_references))
        return parse_methods(words, self.pred, preset=settings.preset, checkpoint=settings.checkpoint)

    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are filled if all metrics can be computed."""
        metrics = [METRICS[name] for name in self.metrics]
        return column_names(metrics, paired=self._has_references, gt_mean=self.gt_mean)

    @property
    def _has_references(self) -> bool:
        return self.gt is not None if self.dataset is None else find_dataset(self.dataset).paired

    def _reference_advice(self) -> str:
        """What to do if every metric needs references and there are none."""
        if self.dataset is None:
            return "; name their folder with --gt"
        blind = ", ".join(entry.name for entry in METRICS.values() if not entry.needs_reference)
        return f", and {find_dataset(self.dataset).name} has none; use a metric that needs none: {blind}"

    def _check_images(self, methods: tuple[Method, ...]) -> None:
        if self.dataset is not None and (self.low or self.gt):
            raise UsageError("--dataset excludes --low and --gt")
        if self.dataset is None and self.split is not None:
            raise UsageError("--split needs --dataset")
        enhances = any(each.kind != "files" for each in methods)
        if enhances and self.dataset is None and self.low is None:
            raise UsageError("give dark images with --dataset or --low, or results with --pred")

    def _check_effects(self, methods: tuple[Method, ...]) -> None:
        kinds = {each.kind for each in methods}
        changed = [f"--{name}" for name in self._changed_controls()]
        if changed and "model" not in kinds:
            raise UsageError(
                f"{', '.join(changed)} would change nothing: no model is scored; add one with -m"
            )
        if self.save_pred is not None and kinds == {"files"}:
            raise UsageError("--save-pred would save nothing: only existing results are scored")

    def _changed_controls(self) -> Iterator[str]:
        """Names of the settings that change the look of a model's results and differ from their defaults."""
        usual = EnhanceSettings()
        for name in ("contrast", "brightness", "texture"):
            if getattr(self.settings.controls, name) != getattr(usual.controls, name):
                yield name
        for name in ("strength", "reference"):
            if getattr(self.settings, name) != getattr(usual, name):
                yield name
        if self.settings.controls.temperature != usual.controls.temperature:
            yield "temperature"
