"""Exports enhancers as graphs for other programs: ONNX, and PT2 of ``torch.export``.

A graph maps whole images, float32 sRGB in [0, 1], (batch, 3, height, width), to images of the same shape; or
it takes tiles together with the whole images and the position of the tiles. Batch, height and width are free;
sides are multiples of ``size_multiple``. Controls are fixed in the graph.
"""

import io
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.export import ExportedProgram

from lowlight_cli.checkpoints.graphs import Graph, Inputs, TileGraph, WholeGraph
from lowlight_cli.checkpoints.save import METADATA_KEY
from lowlight_cli.errors import ImageError, LowlightError, OutputError, UnavailableError, UsageError
from lowlight_cli.images.replace import replace_file
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import Enhancer
from lowlight_cli.tensors import Images

Form = Literal["onnx", "pt2"]
FORMS: tuple[Form, ...] = ("onnx", "pt2")

TOLERANCE = 1e-3
"""Largest difference from the model's own output; a quarter of an 8-bit step."""

OPSET = 20

Runner = Callable[[Inputs], Images]


class ExportError(LowlightError):
    """A model that cannot be exported, or whose graph computes something else."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported graph.

    Attributes:
        path: The file.
        form: ``onnx`` or ``pt2``.
        size_multiple: Height and width must be multiples of it.
        smallest_side: Least height and width.
        difference: Largest difference from the model's own output, over the compared sizes.
        compared: Sizes that were compared: batch, height, width.
    """

    path: Path
    form: Form
    size_multiple: int
    smallest_side: int
    difference: float
    compared: tuple[tuple[int, int, int], ...]


def export_enhancer(
    model: Enhancer,
    controls: Controls,
    form: Form,
    target: Path,
    facts: Mapping[str, Any],
    *,
    takes_tiles: bool = False,
) -> Exported:
    """Exports a model, compares the graph with the model on two sizes, and writes it if they agree.

    Args:
        model: In evaluation mode, on the CPU, in full precision.
        controls: Strength of each part, fixed in the graph.
        form: Format of the graph.
        target: The file, written in one step.
        facts: Metadata of the file, in addition to sizes and controls.
        takes_tiles: Whether the graph takes tiles together with whole images.

    Raises:
        UsageError: A control is set that the model does not have.
        UnavailableError: A library for the format is not installed.
        ExportError: The model cannot be exported, or the graph computes something else.
        OutputError: The file cannot be written.
    """
    _check_controls(model, controls)
    check_libraries(form)
    graph = TileGraph(model, controls) if takes_tiles else WholeGraph(model, controls)
    multiple, smallest = graph.multiple, graph.smallest
    metadata = {
        **facts,
        "controls": controls.recorded(),
        "input": graph.described,
        "size_multiple": multiple,
        "smallest_side": smallest,
    }
    with _quietly(), torch.no_grad():
        program = traced(graph)
        data, run = _WRITERS[form](program, graph, {METADATA_KEY: json.dumps(metadata, sort_keys=True)})
        sizes = ((1, smallest, smallest + multiple), (3, smallest + 2 * multiple, smallest))
        difference = max(_difference(graph, run, size) for size in sizes)
    if not difference <= TOLERANCE:
        excess = f"{difference:.2g}, more than {TOLERANCE:g}"
        raise ExportError(f"the graph differs from the model by {excess}; no file was written")
    try:
        replace_file(target, data)
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error
    return Exported(target, form, multiple, smallest, difference, sizes)


def check_libraries(form: Form) -> None:
    """Checks that the libraries for a format are installed, without importing them.

    Raises:
        UnavailableError: One is missing; the message names the extra to install.
    """
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if form == "onnx" and missing:
        raise UnavailableError(f"ONNX needs {', '.join(missing)}; run: pip install 'lowlight-cli[export]'")


def traced(graph: Graph) -> ExportedProgram:
    """The exported program, for any batch and for any height and width that are multiples.

    Raises:
        ExportError: PyTorch cannot export the model, or only for one size.
    """
    # All sides and the batch differ: torch.export takes equal sizes for the same dimension.
    example = graph.example(2, graph.smallest + graph.multiple, graph.smallest + 2 * graph.multiple)
    try:
        return torch.export.export(graph, example, dynamic_shapes=graph.shapes())
    except Exception as error:  # torch.export raises errors of many types
        raise ExportError(f"this model cannot be exported: {_first_line(error)}") from error


def _written_pt2(program: ExportedProgram, _: Graph, metadata: dict[str, str]) -> tuple[bytes, Runner]:
    file = io.BytesIO()
    torch.export.save(program, file, extra_files=metadata)
    data = file.getvalue()
    module = torch.export.load(io.BytesIO(data)).module()

    def run(inputs: Inputs) -> Images:
        made: Tensor = module(*inputs)
        return made

    return data, run


def _written_onnx(program: ExportedProgram, graph: Graph, metadata: dict[str, str]) -> tuple[bytes, Runner]:
    import onnxruntime

    try:
        made = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=OPSET,
            input_names=graph.inputs,
            output_names=["enhanced"],
            verbose=False,
        )
    except Exception as error:
        raise ExportError(f"this model cannot be converted to ONNX: {_first_line(error)}") from error
    if made is None:
        raise ExportError("this model cannot be converted to ONNX")
    made.model.metadata_props.update(metadata)
    data = made.model_proto.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return data, lambda inputs: torch.from_numpy(session.run(None, _named(graph, inputs))[0])


def _named(graph: Graph, inputs: Inputs) -> dict[str, Any]:
    return {name: value.numpy() for name, value in zip(graph.inputs, inputs, strict=True)}


_WRITERS: Mapping[Form, Callable[[ExportedProgram, Graph, dict[str, str]], tuple[bytes, Runner]]] = {
    "onnx": _written_onnx,
    "pt2": _written_pt2,
}


def _difference(graph: Graph, run: Runner, size: tuple[int, int, int]) -> float:
    batch, height, width = size
    inputs = graph.example(batch, height, width)
    try:
        return float((graph(*inputs) - run(inputs)).abs().max())
    except Exception as error:  # each runtime has its own error types
        where = f"{batch}x3x{height}x{width}"
        raise ExportError(f"the graph does not take images of {where}: {_first_line(error)}") from error


def _check_controls(model: Enhancer, controls: Controls) -> None:
    defaults = Controls().model_dump()
    changed = {name for name, value in controls.model_dump().items() if value != defaults[name]}
    for name in sorted(changed - model.supported_controls):
        raise UsageError(f"this model has no control --{name}; leave the option out")


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextmanager
def _quietly() -> Iterator[None]:
    """Suppresses warnings and output of the exporters; the graph is compared afterwards."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
