"""Settings -> a loaded model on its device, and the pace of the run."""

from collections.abc import Callable

import torch

from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.device import FP32, choose_device, choose_precision
from lowlight_cli.errors import ImageError, UnavailableError, UsageError
from lowlight_cli.images.decode import decode
from lowlight_cli.images.pixels import shrink
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.config import PipelineConfig
from lowlight_cli.pipeline.control_support import control_handlers
from lowlight_cli.pipeline.device_errors import MEMORY_ERRORS, is_shortage
from lowlight_cli.pipeline.limits import Limits, most_pixels, pass_pixels
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.precision import choose_for
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.speed_trial import SpeedTrial
from lowlight_cli.pipeline.tone import Tone
from lowlight_cli.pipeline.warnings import Warnings
from lowlight_cli.processors import default_workers
from lowlight_cli.tensors import Images
from lowlight_cli.versions import version_of

_REFERENCE_PIXELS = 2**20
_CUDA_BATCH = 8


def make_runner(
    settings: EnhanceSettings, *, on_notice: Callable[[str], None] = lambda text: None
) -> ModelRunner:
    """Finds the device, loads the model and reads the reference.

    Args:
        settings: What the user decided.
        on_notice: Told, once for each kind, what is done in another way than was asked for: less at a time,
            another device, another number format.

    Raises:
        UsageError: The model has no such preset or control, takes no reference, or the reference or the tile
            size makes no sense.
        UnavailableError: The machine has no such device.
        WeightsError: The weights are missing or damaged.
    """
    if settings.tile and 2 * settings.tile_overlap > settings.tile:
        raise UsageError(
            f"--tile-overlap {settings.tile_overlap} is more than half of --tile {settings.tile}"
        )
    wanted, notices = choose_device(settings.device), Warnings(on_notice)
    choose_precision(settings.precision, wanted)  # a wrong name ends the run before the model is loaded
    enhancer, device = _placed(settings, wanted, notices)
    if settings.reference is not None and not enhancer.takes_reference:
        raise UsageError(f"model '{settings.model}' takes no --reference")
    handlers = control_handlers(settings.model, settings.controls)
    tone = Tone(
        **{name: getattr(settings.controls, name) for name in handlers if handlers[name] == "tone curve"}
    )
    look = EnhanceParams(settings.controls, settings.strength, _read_reference(settings), settings.seed, tone)

    def on_cpu() -> ModelRunner:
        cpu = torch.device("cpu")
        return ModelRunner(_load(settings, cpu), look, _limits(settings, cpu), device=cpu, precision=FP32)

    # A format that was chosen for the GPU is of no use on the CPU.
    name = settings.precision if device == wanted or settings.precision == "auto" else "fp32"
    choice = choose_for(name, enhancer, device, SpeedTrial(settings.model))
    return ModelRunner(
        enhancer,
        look,
        _limits(settings, device),
        device=device,
        precision=choice.precision,
        precision_reason=choice.reason,
        fallback=on_cpu if settings.device == "auto" and device.type != "cpu" else None,
        notices=notices,
    )


def _load(settings: EnhanceSettings, device: torch.device) -> Enhancer:
    enhancer = load_enhancer(
        settings.model, preset=settings.preset, checkpoint=settings.checkpoint, device=device
    )
    return enhancer if settings.view is None else enhancer.showing(settings.view)


def _placed(
    settings: EnhanceSettings, device: torch.device, notices: Warnings
) -> tuple[Enhancer, torch.device]:
    """The model on the device, or on the CPU where it does not fit and the choice was left open.

    Args:
        settings: What the user decided.
        device: Where it should run.
        notices: Hear of the other device.

    Raises:
        UnavailableError: It does not fit.
    """
    try:
        return _load(settings, device), device
    except MEMORY_ERRORS as error:
        if not is_shortage(error):
            raise
        shortage = f"not enough memory on {device} for model '{settings.model}'"
        if settings.device != "auto" or device.type == "cpu":
            raise UnavailableError(shortage) from error
    notices.once("device", f"{shortage}; using the CPU, which is slower")
    cpu = torch.device("cpu")
    return _load(settings, cpu), cpu


def _limits(settings: EnhanceSettings, device: torch.device) -> Limits:
    # A CPU adds up in an order that depends on the shape of a batch. One picture at a time is no slower,
    # and the result is the same to the last bit whatever else is enhanced.
    pictures = 1 if device.type == "cpu" else None
    cost = MODELS[settings.model].pass_cost(settings.preset)
    pixels, most = pass_pixels(device, cost), most_pixels(cost)
    return Limits(pixels, settings.tile, settings.tile_overlap, pictures, most)


def make_pipeline_config(settings: EnhanceSettings, device: torch.device) -> PipelineConfig:
    """Chooses the sizes of batches and pools.

    Args:
        settings: What the user decided.
        device: Where the model runs.
    """
    stop = settings.stop
    return PipelineConfig(
        batch_size=settings.batch_size or (_CUDA_BATCH if device.type == "cuda" else 1),
        workers=settings.workers or default_workers(),
        read=settings.read,
        write=settings.write,
        software=_software(settings.model),
        only_dark=settings.only_dark,
        preserve_mtime=settings.preserve_mtime,
        min_free=stop.min_free,
        max_errors=1 if stop.fail_fast else stop.max_errors,
    )


def _software(model: str) -> str:
    """What made a result: program, version and model."""
    version = version_of("lowlight-cli")
    return f"lle {model}" if version is None else f"lle {version} {model}"


def describe(settings: EnhanceSettings, runner: ModelRunner) -> dict[str, str | None]:
    """What a run is made with, in words.

    Args:
        settings: What the user decided.
        runner: What came of it.
    """
    return {
        "model": settings.model,
        "checkpoint": None if settings.checkpoint is None else str(settings.checkpoint),
        "device": str(runner.device),
        "precision": runner.precision.name,
        "precision_reason": runner.precision_reason,
    }


def _read_reference(settings: EnhanceSettings) -> Images | None:
    if settings.reference is None:
        return None
    try:
        return shrink(decode(settings.reference).pixels, _REFERENCE_PIXELS)
    except ImageError as error:
        raise UsageError(f"--reference '{settings.reference}': {error}") from error
