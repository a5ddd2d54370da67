"""The models alone: images are on the device, and results stay there."""

import torch

from gpu.check import Bench, Found, words_of
from gpu.clock import Clock
from lowlight_cli.checkpoints.load import load_enhancer
from lowlight_cli.device import PRECISIONS
from lowlight_cli.errors import WeightsError
from lowlight_cli.images.picture import Pixels
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.cost import count_operations
from lowlight_cli.models.entry import ModelEntry
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.device_errors import is_shortage
from lowlight_cli.pipeline.limits import pass_pixels
from lowlight_cli.pipeline.model_setup import make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings

_COUNTED = 256
"""Side of the image whose operations are counted."""

_INPUTS = 3
"""Sets of images that take turns, so that no cache holds them all."""

_INPUT_BYTES = 12
"""Of a pixel: three numbers."""

VISIBLE = tuple(entry for entry in MODELS.values() if not entry.hidden)


def model_alone(bench: Bench, _seconds: float) -> Found:
    """Each model in its default preset, in each precision and batch size; the default model first."""
    for entry in VISIBLE:
        yield from _cases(bench, entry, entry.default_preset, bench.sizes.formats, bench.sizes.batches)


def other_presets(bench: Bench, _seconds: float) -> Found:
    """The other presets, in 16 bits first; one with the settings of the default preset is left out."""
    formats = tuple(reversed(bench.sizes.formats))
    for entry in VISIBLE if bench.sizes.presets else ():
        default = entry.presets[entry.default_preset]
        for preset, config in entry.presets.items():
            if config != default:
                yield from _cases(bench, entry, preset, formats, bench.sizes.batches[:1])


def large_images(bench: Bench, _seconds: float) -> Found:
    """A large image, pixels to pixels, whole if it fits and in tiles."""
    height, width = bench.sizes.large
    pixels = (torch.rand(height, width, 3) * 50).byte().numpy()
    for name in bench.sizes.models:
        for way, tile in (("whole", 0), ("tiles", bench.sizes.tile)):
            settings = EnhanceSettings(
                model=name, device=str(bench.device), precision=bench.sizes.precision, tile=tile
            )
            try:
                yield f"{name} {way}", _large(bench.clock, settings, pixels)
            except WeightsError as error:
                yield f"{name} {way}", {"left_out": str(error)}


def _large(clock: Clock, settings: EnhanceSettings, pixels: Pixels) -> dict[str, object]:
    forward, count = make_runner(settings), pixels.shape[0] * pixels.shape[1]
    if settings.tile == 0 and count > forward.limits.pixels:
        return {"left_out": "more than a pass may hold"}
    seconds = clock.seconds(lambda: forward([pixels]))
    before = forward.clock.seconds()
    forward([pixels])
    used = forward.clock.seconds() - before
    stages = {f"{name}_s": getattr(used, name) for name in ("copy_in", "model", "copy_out")}
    rates = {"photos_s": 1 / seconds, "megapixels_s": count / seconds / 1e6}
    return rates | stages | {"precision": forward.precision.name}


def placed_model(entry: ModelEntry, preset: str, device: torch.device) -> Enhancer:
    """A model as the engine runs it; with random weights, which do not change its speed, if it has none."""
    try:
        model = load_enhancer(entry.name, preset=preset, device=device)
    except WeightsError:
        model = entry.build(entry.presets[preset]).eval().requires_grad_(False).to(device)
    return model.to(memory_format=torch.channels_last)


def _cases(
    bench: Bench, entry: ModelEntry, preset: str, formats: tuple[str, ...], batches: tuple[int, ...]
) -> Found:
    counted = entry.build(entry.presets[preset]).eval()  # on the CPU, where shapes alone are run
    flop = count_operations(counted, _COUNTED, _COUNTED) / _COUNTED**2
    model = placed_model(entry, preset, bench.device)
    height, width = bench.sizes.image
    for name in formats:
        fitting = pass_pixels(bench.device, entry.pass_cost(preset), PRECISIONS[name])
        for batch in batches:
            case = f"{entry.name} {preset} {name} {batch}"
            if batch > 1 and batch * height * width > fitting:
                yield case, {"left_out": "more than a pass may hold"}
                continue
            found = _timed(bench.clock, model, name, (batch, 3, height, width), flop)
            yield case, found | {"said_bytes_per_pixel": entry.pass_cost(preset).bytes_per_pixel}


def _timed(
    clock: Clock, model: Enhancer, precision: str, shape: tuple[int, ...], flop: float
) -> dict[str, object]:
    sets = [
        (0.2 * torch.rand(shape, device=clock.device)).contiguous(memory_format=torch.channels_last)
        for _ in range(_INPUTS)
    ]

    def work() -> None:
        sets.append(sets.pop(0))
        model.enhance(sets[0], Controls())

    try:
        with clock.peak() as peak, torch.inference_mode(), PRECISIONS[precision].on(clock.device):
            seconds = clock.seconds(work)
    except RuntimeError as error:
        if clock.is_cuda and is_shortage(error):
            torch.cuda.empty_cache()
        return {"error": words_of(error)}
    pixels, most = shape[0] * shape[2] * shape[3], peak()
    return {
        "ms": seconds * 1e3,
        "photos_s": shape[0] / seconds,
        "tflop_s": flop * pixels / seconds / 1e12,
        # As `pass_costs` count: the input, which was there before, and all that is computed from it.
        "peak_bytes_per_pixel": None if most is None else most / pixels + _INPUT_BYTES,
    }
