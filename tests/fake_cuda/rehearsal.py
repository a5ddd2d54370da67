"""The check of a GPU, ``benchmarks/gpu_check.py``, on fake CUDA: what only a GPU runs of it.

Calls of torch.cuda have the arguments that torch knows, tensors meet on one device, and every section that
needs no numbers comes to its end.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from unittest.mock import create_autospec, patch

import torch

from lowlight_cli.device import PRECISIONS
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.entry import ModelEntry
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.limits import Limits
from lowlight_cli.pipeline.model_runner import EnhanceParams, ModelRunner
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.pipeline.warnings import Warnings
from tests.contracts.narrow_models import narrowed
from tests.fake_cuda.device import CUDA, placed
from tests.fake_cuda.watch import Watch

ROOT = Path(__file__).parents[2]
_MEMORY = 80 * 2**30


def rehearse() -> dict[str, Any]:
    """Cases of each section, and how often each call of torch.cuda was made; call it in ``fake_cuda``."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from gpu import agreement, baseline, ceilings, check, clock, files, models, sizes

    few = replace(sizes.QUICK, formats=("tf32", "fp16"), precision="bf16", batches=(2,))
    sections = (
        check.Section("ceilings", ceilings.ceilings),
        check.Section("model", models.model_alone),
        check.Section("baseline", baseline.baseline),
        check.Section("files", files.file_to_file),
        check.Section("passes", agreement.pass_sizes),
        check.Section("memory", agreement.short_memory),
        check.Section("large", models.large_images),
    )
    with TemporaryDirectory() as place, _driver() as calls, _fake_models(agreement, baseline, files, models):
        bench = check.Bench(clock.Clock(CUDA, few.at_least_s), few, Path(place), ROOT)
        result = check.Result(Path(place) / "result.json", "rehearsal", {})
        with Watch():  # it answers where the value of a tensor is asked for
            check.run_sections(sections, bench, result, lambda line: None)
    return {
        "cases": result.content["cases"],
        "calls": {name: each.call_count for name, each in calls.items()},
    }


@contextmanager
def _driver() -> Iterator[dict[str, Any]]:
    """Calls of torch.cuda that take the arguments of the real ones and say what a large, idle GPU would."""
    answers = {
        "synchronize": None,
        "reset_peak_memory_stats": None,
        "empty_cache": None,
        "set_per_process_memory_fraction": None,
        "max_memory_allocated": 2**20,
        "memory_allocated": 2**10,
        "memory_reserved": 2**20,
        "mem_get_info": (_MEMORY, _MEMORY),
        "get_device_properties": SimpleNamespace(name="no real GPU", total_memory=_MEMORY),
    }
    calls = {
        name: create_autospec(getattr(torch.cuda, name), return_value=answer)
        for name, answer in answers.items()
    }
    with ExitStack() as stack:
        for name, call in calls.items():
            stack.enter_context(patch.object(torch.cuda, name, call))
        stack.enter_context(patch.object(torch.Tensor, "pin_memory", lambda tensor: tensor))
        yield calls


@contextmanager
def _fake_models(*modules: Any) -> Iterator[None]:
    """Sections get narrow models on the fake device, where loading cannot put any."""
    stand_ins: dict[str, Any] = {
        "placed_model": lambda entry, preset, device: _model(entry, preset),
        "load_enhancer": lambda name, device: _model(MODELS[name], MODELS[name].default_preset),
        "count_operations": lambda model, height, width: height * width,
        "make_runner": _forward,
        "VISIBLE": (MODELS["codeenhance"],),  # test_models.py runs the others
    }
    with ExitStack() as stack:
        for module in modules:
            for name in stand_ins.keys() & vars(module).keys():
                stack.enter_context(patch.object(module, name, stand_ins[name]))
        yield


def _model(entry: ModelEntry, preset: str) -> Enhancer:
    return placed(entry.build(narrowed(entry.presets[preset])).eval())


def _forward(settings: EnhanceSettings, on_warning: Callable[[str], None] = lambda text: None) -> ModelRunner:
    limits = Limits(2**23, settings.tile, settings.tile_overlap)
    model = _model(MODELS[settings.model], MODELS[settings.model].default_preset)
    precision = PRECISIONS[settings.precision]
    return ModelRunner(
        model,
        EnhanceParams(Controls()),
        limits,
        device=CUDA,
        precision=precision,
        warnings=Warnings(on_warning),
    )
