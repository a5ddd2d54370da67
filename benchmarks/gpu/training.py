"""How fast the default recipe trains, with data made on the CPU and, by the preset ``gpu``, on the GPU."""

from typing import Any

from gpu.ceilings import small_photos
from gpu.check import Bench, Found, words_of
from lowlight_cli.training.bench import measure
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.presets import PRESETS, preset_of
from lowlight_cli.training.settings import merged

RECIPE = "codeenhance"
GPU_PRESET = "gpu"


def training_speed(bench: Bench, _seconds: float) -> Found:
    """Steps and crops per second, share of waiting for data, and memory."""
    if GPU_PRESET in PRESETS:
        # By the clock it would need a time limit.
        yield "preset gpu", _speed(bench, GPU_PRESET, {"run.schedule": "steps"})
    for batch in bench.sizes.training:
        yield (
            f"default preset, {batch} crops",
            _speed(bench, None, {"run.batch_size": batch, "run.crop": 128}),
        )


def _speed(bench: Bench, preset: str | None, values: dict[str, Any]) -> dict[str, Any]:
    entry = RECIPES[RECIPE]
    given = {
        "data.photos": [str(small_photos(bench))],
        "data.cache": "none",
        "run.workers": bench.sizes.workers[-1],
        "run.device": str(bench.device),
    }
    if not bench.clock.is_cuda:
        given |= {"run.batch_size": 2, "run.crop": 64, "run.precision": "fp32"}
    try:
        recipe = merged(entry.settings_class(), None, values | given, (), start=preset_of(RECIPE, preset))
        speed = measure(
            RECIPE,
            recipe,
            entry.run(),
            bench.device,
            warmup=bench.sizes.warmup,
            steps=bench.sizes.steps,
        )
    except Exception as error:  # the other cases still count
        return {"error": words_of(error)}
    return {
        "steps_s": speed.steps_per_second,
        "crops_s": speed.images_per_second,
        "batch": speed.batch_size,
        "crop": speed.crop,
        "precision": speed.precision,
        "data_wait": speed.data_wait,
        "memory_mb": speed.memory_mb,
    }
