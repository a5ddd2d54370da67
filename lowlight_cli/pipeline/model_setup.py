"""Loads the model of a run onto its device, and chooses batch sizes and threads."""

from collections.abc import Callable

import torch

from lowlight_cli.accelerators import accelerator_of, make_default
from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.device import CPU, FP32, Precision, choose_device, choose_precision
from lowlight_cli.errors import ImageError, UnavailableError, UsageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.picture import Samples
from lowlight_cli.images.pixels import shrink
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.agreement import compare_with_cpu
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.control_support import control_handlers
from lowlight_cli.pipeline.device_errors import MEMORY_ERRORS, is_shortage
from lowlight_cli.pipeline.limits import CPU_TILE_PIXELS, Limits, most_pixels, pass_pixels
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.precision import choose_for
from lowlight_cli.pipeline.reduced_size import reduced_above
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.speed_trial import SpeedTrial
from lowlight_cli.pipeline.tone import Tone
from lowlight_cli.pipeline.warnings import Warnings
from lowlight_cli.processors import default_workers
from lowlight_cli.tensors import Images
from lowlight_cli.versions import version_of

_REFERENCE_PIXELS = 2**20
_GPU_BATCH = 64
_GPU_BATCH_PIXELS = 8 * 2**20
"""Most pixels in a pass of several images on a GPU; small passes take as long to start as to compute."""
_GPU_PASSES_AHEAD = 2
"""One that the GPU computes, and one that follows while the host takes results or waits for the disk."""
_GPU_QUEUE_PIXELS = 2**27
"""Eleven photos of 12 megapixels: each takes a quarter of a second to read, and a GPU makes 19 a second."""
_GPU_SCORING_BATCH = 8


def make_runner(
    settings: EnhanceSettings, *, on_warning: Callable[[str], None] = lambda text: None
) -> ModelRunner:
    """Finds the device, loads the model and reads the reference.

    Args:
        settings: Settings of the run.
        on_warning: Called once for each kind of deviation from the settings, such as smaller batches, another
            device or another number format.

    Raises:
        UsageError: The model has no such preset or control, takes no reference, or the reference cannot be
            read, or the overlap is too large for the tiles.
        UnavailableError: The machine has no such device.
        WeightsError: The weights are missing or damaged.
    """
    if settings.tile and 2 * settings.tile_overlap > settings.tile:
        raise UsageError(
            f"--tile-overlap {settings.tile_overlap} is more than half of --tile {settings.tile}; reduce it"
        )
    requested, warnings = choose_device(settings.device), Warnings(on_warning)
    make_default(requested)  # PyTorch answers some questions for the GPU in use alone
    choose_precision(settings.precision, requested)  # reports a wrong name before the model is loaded
    enhancer, device = _load_on(settings, requested, warnings)
    _check_untried(enhancer, settings, device, warnings)
    params = make_params(settings, enhancer)

    def on_cpu() -> ModelRunner:
        limits = _limits(settings, CPU, FP32)
        return ModelRunner(_load(settings, CPU), params, limits, device=CPU, precision=FP32)

    # A format that the user chose for the GPU may be slow on the CPU.
    name = settings.precision if device == requested or settings.precision == "auto" else "fp32"
    choice = choose_for(name, enhancer, device, SpeedTrial(settings.model))
    return ModelRunner(
        enhancer,
        params,
        _limits(settings, device, choice.precision),
        device=device,
        precision=choice.precision,
        precision_reason=choice.reason,
        fallback=on_cpu if settings.device == "auto" and device.type != "cpu" else None,
        warnings=warnings,
    )


def make_params(settings: EnhanceSettings, enhancer: Enhancer) -> EnhanceParams:
    """How the model of the settings enhances images; reads the reference.

    Args:
        settings: Settings of the run.
        enhancer: The model.

    Raises:
        UsageError: The model has no such control or takes no reference, or the reference cannot be read.
    """
    if settings.reference is not None and not enhancer.takes_reference:
        raise UsageError(f"model '{settings.model}' does not support --reference")
    handlers = control_handlers(
        settings.model, settings.controls, preset=settings.preset, checkpoint=settings.checkpoint
    )
    for name in sorted(name for name in handlers if handlers[name] == "model"):
        if name not in enhancer.supported_controls:
            raise UsageError(f"the network in {settings.checkpoint} has no control '{name}'")
    tone = Tone(
        **{name: getattr(settings.controls, name) for name in handlers if handlers[name] == "tone curve"}
    )
    return EnhanceParams(
        settings.controls,
        settings.strength,
        _read_reference(settings),
        settings.seed,
        tone,
        reduced_above(settings.detail) if settings.view is None else None,
        _shake_remover() if settings.deblur and settings.view is None else None,
    )


def _shake_remover() -> Callable[[Samples, Samples], Samples]:
    # Few runs need it.
    from lowlight_cli.pipeline.shake import ShakeRemover, load_kernel_estimator

    return ShakeRemover(load_kernel_estimator())


def _load(settings: EnhanceSettings, device: torch.device) -> Enhancer:
    enhancer = load_enhancer(
        settings.model, preset=settings.preset, checkpoint=settings.checkpoint, device=device
    )
    return enhancer if settings.view is None else enhancer.showing(settings.view)


def _load_on(
    settings: EnhanceSettings, device: torch.device, warnings: Warnings
) -> tuple[Enhancer, torch.device]:
    """Loads the model on a device, or on the CPU if it does not fit and the user did not choose a device.

    Args:
        settings: Settings of the run.
        device: Where it should run.
        warnings: Receives a warning if the CPU is used instead.

    Raises:
        UnavailableError: The model does not fit into memory.
    """
    try:
        return _load(settings, device), device
    except MEMORY_ERRORS as error:
        if not is_shortage(error):
            raise
        shortage = f"not enough memory on {device} for model '{settings.model}'"
        if settings.device != "auto" or device.type == "cpu":
            raise UnavailableError(shortage) from error
    warnings.warn_once("device", f"{shortage}; using the CPU, which is slower")
    return _load(settings, CPU), CPU


def _check_untried(
    enhancer: Enhancer, settings: EnhanceSettings, device: torch.device, warnings: Warnings
) -> None:
    """Compares a device of a kind that was never tried with the CPU, before it is used.

    Args:
        enhancer: The model on ``device``.
        settings: Settings of the run.
        device: Any device.
        warnings: Receives a warning if the device is untried but agrees.

    Raises:
        UnavailableError: The device cannot run the model, or gives other results.
    """
    accelerator = accelerator_of(device)
    if accelerator is None or accelerator.is_tried:
        return
    try:
        agreement = compare_with_cpu(enhancer, device, _load(settings, CPU))
    except RuntimeError as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise UnavailableError(
            f"{device} cannot run model '{settings.model}': {reason}; use --device cpu"
        ) from error
    found = f"{agreement.largest:.1f}/255 at most, {agreement.mean:.2f}/255 on average"
    if not agreement.is_close:
        raise UnavailableError(
            f"{device} gives other results than the CPU ({found} in a test image); use --device cpu"
        )
    warnings.warn_once(
        "untried", f"{accelerator.title} devices are untried; a test image differs from the CPU by {found}"
    )


def _limits(settings: EnhanceSettings, device: torch.device, precision: Precision) -> Limits:
    # On a CPU the order of additions depends on the batch shape. One image at a time is not slower, and
    # results are bit-identical regardless of the other images.
    images = 1 if device.type == "cpu" else None
    cost = MODELS[settings.model].pass_cost(settings.preset)
    pixels, most = pass_pixels(device, cost, precision), most_pixels(cost)
    tile_pixels = CPU_TILE_PIXELS if device.type == "cpu" else None
    return Limits(pixels, settings.tile, settings.tile_overlap, images, most, tile_pixels)


def scoring_batch(device: torch.device, settings: EnhanceSettings) -> int:
    """Largest number of images in a pass of ``lle eval``: as requested, or chosen by device."""
    return settings.batch_size or (1 if device.type == "cpu" else _GPU_SCORING_BATCH)


def make_pipeline_config(settings: EnhanceSettings, device: torch.device) -> PipelineConfig:
    """Chooses batch size and number of threads.

    Args:
        settings: Settings of the run.
        device: Where the model runs.
    """
    stop = settings.stop
    queue_pixels = _GPU_QUEUE_PIXELS if device.type == "cuda" else PipelineConfig().queue_pixels
    return PipelineConfig(
        batch_size=settings.batch_size or (1 if device.type == "cpu" else _GPU_BATCH),
        batch_pixels=None if settings.batch_size or device.type == "cpu" else _GPU_BATCH_PIXELS,
        passes_ahead=_GPU_PASSES_AHEAD if device.type == "cuda" else 0,
        workers=settings.workers or default_workers(),
        queue_pixels=queue_pixels,
        read=settings.read,
        write=settings.write,
        software=_software(settings.model),
        only_dark=settings.only_dark,
        preserve_mtime=settings.preserve_mtime,
        min_free=stop.min_free,
        max_errors=stop.failure_limit,
    )


def _software(model: str) -> str:
    """Program, version and model, for the metadata of results."""
    version = version_of("lowlight-cli")
    return f"lle {model}" if version is None else f"lle {version} {model}"


def _read_reference(settings: EnhanceSettings) -> Images | None:
    if settings.reference is None:
        return None
    try:
        return shrink(decode(settings.reference).pixels, _REFERENCE_PIXELS)
    except ImageError as error:
        raise UsageError(f"--reference '{settings.reference}': {error}") from error
