"""What a model gains on a GPU if weights are cast once, and if a pass is one CUDA graph.

The engine replays graphs of passes that come often (``lowlight_cli/pipeline/pass_graphs.py``), but it casts
weights to 16 bits again in each pass, which takes 3 % of one of eight images. Many small kernels keep a GPU
waiting for Python, mostly with few images in a pass.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from gpu.check import Bench, Found, words_of
from gpu.models import VISIBLE, placed_model
from lowlight_cli.device import PRECISIONS
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.pipeline.pass_graphs import CudaRecorder
from lowlight_cli.tensors import Images

Work = Callable[[], object]

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


def launches(bench: Bench, _seconds: float) -> Found:
    """Milliseconds of a pass as it is, with weights cast once, and as a CUDA graph (on a GPU)."""
    height, width = bench.sizes.image
    for entry in VISIBLE:
        for name in (name for name in bench.sizes.formats if name in _TYPES):
            for batch in sorted(bench.sizes.batches)[:2]:
                images = torch.rand(batch, 3, height, width, device=bench.device)
                images = (0.2 * images).contiguous(memory_format=torch.channels_last)
                model = placed_model(entry, entry.default_preset, bench.device)
                with torch.inference_mode(), PRECISIONS[name].on(bench.device):
                    yield f"{entry.name} {name} {batch}", _compared(bench, model, images, _TYPES[name])


def _compared(bench: Bench, model: Enhancer, images: Images, dtype: torch.dtype) -> dict[str, object]:
    def work() -> Images:
        return model.enhance(images, Controls())

    found: dict[str, object] = {"ms": 1e3 * bench.clock.seconds(work)}
    before = work().float()
    cast(model, under_autocast(model, work), dtype)
    found["cast_once_ms"] = 1e3 * bench.clock.seconds(work)
    found["cast_once_difference"] = float((work().float() - before).abs().max())
    if not bench.clock.is_cuda:
        return found
    if not model.is_recordable:
        return found | {"graph_error": "not recorded"}
    try:
        replay = CudaRecorder(bench.device).record(work)
        found["graph_ms"] = 1e3 * bench.clock.seconds(replay)
        found["graph_difference"] = float((replay().float() - before).abs().max())
    except RuntimeError as error:
        found["graph_error"] = words_of(error)
    return found


def under_autocast(model: nn.Module, work: Work) -> list[nn.Module]:
    """Convolutions and linear layers that only run where autocast casts their weights."""
    seen: dict[nn.Module, bool] = {}
    with _watched(model, seen):
        work()
    return [layer for layer, is_cast in seen.items() if is_cast]


def cast(model: nn.Module, layers: list[nn.Module], dtype: torch.dtype) -> None:
    """Casts weights of layers for good, those that other layers have too left out."""
    owners: dict[int, int] = {}
    for layer in model.modules():
        for parameter in layer.parameters(recurse=False):
            owners[id(parameter)] = owners.get(id(parameter), 0) + 1
    for layer in layers:
        if all(owners[id(parameter)] == 1 for parameter in layer.parameters(recurse=False)):
            layer.to(dtype)


@contextmanager
def _watched(model: nn.Module, seen: dict[nn.Module, bool]) -> Iterator[None]:
    def note(layer: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        is_cast = torch.is_autocast_enabled(inputs[0].device.type)
        seen[layer] = seen.get(layer, True) and is_cast

    hooks = [layer.register_forward_pre_hook(note) for layer in model.modules() if isinstance(layer, _LAYERS)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
