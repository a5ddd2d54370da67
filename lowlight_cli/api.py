"""The public Python API; see docs/python.md. PyTorch is imported when a function is called."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from lowlight_cli import defaults
from lowlight_cli.errors import ImageError, SettingsError
from lowlight_cli.evaluation.defaults import METRICS, PRECISION, PROTOCOL
from lowlight_cli.images.choices import FormatChoice
from lowlight_cli.images.in_memory import AnyImage, like, picture_of, upright
from lowlight_cli.images.settings import WriteSettings
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.report import Report, Row

if TYPE_CHECKING:
    from lowlight_cli.evaluation.result import Evaluation
    from lowlight_cli.pipeline.model_runner import ModelRunner
    from lowlight_cli.pipeline.settings import EnhanceSettings


class ModelOptions(TypedDict, total=False):
    """Options of ``lle enhance`` about the model and the look, by the same names.

    Attributes:
        preset: Size of the model; by default that of the shipped weights.
        checkpoint: Weights file to use instead of the shipped weights.
        contrast, brightness: 0 to 2; default 1.
        texture: 0 to 2; default 1.
        temperature: Sampling temperature of GLARE with a flow, 0 to 1; default 0, which is deterministic.
        strength: 0 keeps the original, 1 is the full effect; default 1.
        reference: Well-lit image file whose look is copied.
        deblur: Whether the blur of a shaken camera is removed, too; default False.
        seed: Random seed; default 0.
        device: ``auto`` (default), ``cpu``, ``cuda``, ``cuda:N``, ``xpu:N``, ``mps``; for files ``cuda:all``.
        precision: ``auto``, ``fp32``, ``tf32``, ``bf16`` or ``fp16``; default ``auto``.
        detail: ``full`` (default), ``fast`` (large images at reduced size) or ``auto`` (above 6 MP).
        tile: Side of tiles in pixels; None (default) chooses by memory, 0 turns tiles off.
        tile_overlap: Pixels shared by neighboring tiles; default 64.
    """

    preset: str | None
    checkpoint: str | Path | None
    contrast: float
    brightness: float
    texture: float
    temperature: float
    strength: float
    reference: str | Path | None
    deblur: bool
    seed: int
    device: str
    precision: str
    detail: str
    tile: int | None
    tile_overlap: int


class Model:
    """A loaded model; see ``load``.

    Attributes:
        name: Name of the model.
        device: Device it runs on.
        precision: Number format it computes in.
    """

    def __init__(self, name: str, runner: "ModelRunner") -> None:
        self.name = name
        self.device = str(runner.device)
        self.precision = runner.precision.name
        self._runner = runner

    def __call__(self, image: AnyImage) -> AnyImage:
        """The image, enhanced, as the same kind: class, mode, shape and type stay.

        Raises:
            ImageError: The image could not be enhanced, for example for lack of memory.
            UsageError: The image has an unsupported shape, type or mode.
        """
        return self.batch([image])[0]

    def batch(self, images: Sequence[AnyImage]) -> list[AnyImage]:
        """Each image, enhanced, in order; sizes may differ.

        Raises:
            ImageError: An image could not be enhanced.
            UsageError: An image has an unsupported shape, type or mode.
        """
        from lowlight_cli.pipeline.frames import enhance_batch

        results: list[AnyImage] = []
        for image in map(upright, images):
            (outcome,) = enhance_batch([picture_of(image)], self._runner)
            if isinstance(outcome, ImageError):
                raise outcome
            results.append(like(image, outcome))
        return results


def load(model: str = defaults.MODEL, **options: Unpack[ModelOptions]) -> Model:
    """Loads a model once, to enhance many images.

    Args:
        model: Name in ``lle models list``.
        options: See ``ModelOptions``.

    Raises:
        SettingsError: An option is unknown or out of range.
        UsageError: The model lacks a control that was set.
        WeightsError: The weights are missing or damaged.
        UnavailableError: The machine lacks the device.

    >>> import numpy as np
    >>> import lowlight_cli as lle
    >>> model = lle.load("codeenhance", device="cpu", contrast=1.2)
    >>> [image.shape for image in model.batch([np.full((48, 64, 3), 20, np.uint8)])]
    [(48, 64, 3)]
    """
    from lowlight_cli.pipeline.model_setup import make_runner

    return Model(model, make_runner(_settings({**options}, model=model)))


def enhance(image: AnyImage, model: str = defaults.MODEL, **options: Unpack[ModelOptions]) -> AnyImage:
    """One image, enhanced, as the same kind: class, mode, shape and type stay. Use ``load`` for many images.

    A PIL image is turned upright by its EXIF orientation first, and keeps its color profile. Arrays are sRGB.

    Args:
        image: PIL image, or array (h, w), (h, w, 1), (h, w, 3) or (h, w, 4): uint8, uint16, or float
            in [0, 1].
        model: Name in ``lle models list``.
        options: See ``ModelOptions``.

    Raises:
        ImageError: The image could not be enhanced.
        LowlightError: As ``load``.

    >>> import numpy as np
    >>> import lowlight_cli as lle
    >>> bright = lle.enhance(np.full((48, 64, 3), 0.1), device="cpu")
    >>> bright.dtype, bright.shape, bool(bright.mean() > 0.2)
    (dtype('float64'), (48, 64, 3), True)
    """
    return load(model, **options)(image)


def enhance_files(
    inputs: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    model: str = defaults.MODEL,
    on_result: Callable[[Row], object] | None = None,
    on_exist: OnExist | str = OnExist.RESUME,
    output_format: FormatChoice | str = FormatChoice.KEEP,
    quality: int = defaults.QUALITY,
    workers: int | None = None,
    **options: Unpack[ModelOptions],
) -> Report:
    """Enhances files like ``lle enhance``: keeps a manifest in the output folder, and resumes.

    For every other option, build a ``lowlight_cli.pipeline.request.EnhanceRequest`` and pass it to
    ``lowlight_cli.pipeline.enhance.enhance``.

    Args:
        inputs: Images, folders and glob patterns.
        out: Output folder, or file for a single image.
        model: Name in ``lle models list``.
        on_result: Called with each finished image.
        on_exist: ``resume``, ``skip``, ``overwrite``, ``rename`` or ``error``.
        output_format: ``keep``, ``jpg``, ``png``, ``tiff``, ``webp`` or ``avif``.
        quality: Quality of JPEG, WebP and AVIF, 1 to 100.
        workers: Threads that read; twice as many write. None uses all processors, at most 8.
        options: See ``ModelOptions``.

    Raises:
        LowlightError: The run could not start. An image that fails is a row of the report.

    >>> import tempfile
    >>> import lowlight_cli as lle
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = lle.enhance_files("sample_images/turned.jpg", folder, model="identity", device="cpu")
    >>> report.count("ok"), report.exit_code
    (1, 0)
    """
    from lowlight_cli.pipeline.enhance import enhance as run
    from lowlight_cli.pipeline.request import EnhanceRequest, InputOptions, OutputOptions

    names = [inputs] if isinstance(inputs, str | Path) else inputs
    write = _valid(WriteSettings, quality=quality)
    settings = _settings({**options}, model=model, write=write, workers=workers)
    request = _valid(
        EnhanceRequest,
        input=InputOptions(sources=tuple(map(str, names))),
        output=_valid(OutputOptions, out=str(out), on_exist=on_exist, format=output_format),
        settings=settings,
    )
    return run(request, _Callback(on_result))


def evaluate(
    *,
    low: str | Path | None = None,
    gt: str | Path | None = None,
    dataset: str | None = None,
    data_root: str | Path | None = None,
    methods: str | Sequence[str] = (),
    pred: str | Path | Sequence[str | Path] = (),
    metrics: str | Sequence[str] = METRICS,
    protocol: str = PROTOCOL,
    gt_mean: bool = False,
    limit: int | None = None,
    **options: Unpack[ModelOptions],
) -> "Evaluation":
    """Scores models, or results made elsewhere, like ``lle eval``.

    For every other option, pass an ``evaluation.request.EvalRequest`` to ``evaluation.evaluate.evaluate``.

    Args:
        low: Folder of dark images.
        gt: Folder of their references; without it only metrics that need none are computed.
        dataset: Name of a dataset, instead of ``low`` and ``gt``.
        data_root: Folder that holds datasets; None searches the usual places.
        methods: ``codeenhance``, ``codeenhance:paper``, ``codeenhance=FILE``, ``gamma``, ``input`` and
            others; by default ``codeenhance``, and ``input`` without ``gt``, unless ``pred`` is given.
        pred: Folders of results made elsewhere: ``DIR`` or ``NAME=DIR``.
        metrics: Names of metrics, such as ``psnr``.
        protocol: Name of the protocol: ``lle``, ``pyiqa``, ``y`` or a paper's.
        gt_mean: Whether scores are also computed after the brightness was aligned with the reference.
        limit: Number of images to score; None scores all.
        options: See ``ModelOptions``; ``precision`` is ``fp32`` by default.

    Returns:
        Scores of each method: ``evaluation.methods[0].summary("psnr").mean``.

    Raises:
        LowlightError: Nothing could be scored. An image that fails is in ``problems`` of its method.
    """
    from lowlight_cli.evaluation.evaluate import evaluate as run
    from lowlight_cli.evaluation.request import EvalRequest

    settings = _settings({"precision": PRECISION, **options})
    return run(
        _valid(
            EvalRequest,
            **{"low": low, "gt": gt, "dataset": dataset, "data_root": data_root, "limit": limit},
            **{"methods": methods, "pred": pred, "metrics": metrics},
            **{"protocol": protocol, "gt_mean": gt_mean},
            settings=settings,
        )
    )


class _Callback(Observer):
    """Passes finished images to a function."""

    def __init__(self, on_result: Callable[[Row], object] | None) -> None:
        self._on_result = on_result

    def item(self, row: Row) -> None:
        """An image is finished."""
        if self._on_result is not None:
            self._on_result(row)


def _settings(options: dict[str, Any], **more: Any) -> "EnhanceSettings":  # noqa: ANN401 - fields differ in type
    """Settings from the options of the API.

    Raises:
        SettingsError: An option is unknown or out of range.
    """
    from lowlight_cli.models.controls import Controls
    from lowlight_cli.pipeline.settings import EnhanceSettings

    controls = {name: options.pop(name) for name in Controls.model_fields if name in options}
    return _valid(EnhanceSettings, controls=_valid(Controls, **controls), **options, **more)


_Form = TypeVar("_Form")


def _valid(form: type[_Form], **values: Any) -> _Form:  # noqa: ANN401 - fields differ in type
    """A form filled with values.

    Raises:
        SettingsError: A value is unknown or out of range; the message names it.
    """
    from pydantic import ValidationError

    try:
        return form(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{name}: {first['msg']}") from error
