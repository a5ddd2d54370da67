"""Computes metrics with pyiqa, which no other module imports.

The licence of pyiqa, PolyForm Noncommercial 1.0.0, forbids commercial use. It gets tensors and the paths of
its files, so it never downloads anything.
"""

import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lowlight_cli.errors import UnavailableError, WeightsError
from lowlight_cli.evaluation.metric_types import Compare, NoScoreError, Rate
from lowlight_cli.tensors import Images, PerImage

_NIQE = "niqe_modelparameters.mat"
_NRQM = "NRQM_model.mat"
_STUDIO = {"crop_border": 4, "color_space": "ycbcr"}
"""How the perceptual index prepares an image. Source: Blau et al., PIRM challenge, 2018."""


def build_pyiqa_rating(name: str, files: Mapping[str, Path], device: torch.device) -> Rate:
    """A metric without a reference, for one image at a time, sRGB in [0, 1].

    Args:
        name: ``niqe``, ``brisque``, ``nrqm``, ``musiq`` or ``pi``.
        files: Paths of its files by their published names.
        device: Where to compute.

    Raises:
        UnavailableError: pyiqa cannot be imported.
        WeightsError: A file is not of this metric.
    """
    if name == "pi":
        ma = _create("nrqm", device, files[_NRQM], **_STUDIO)
        niqe = _create("niqe", device, files[_NIQE], **_STUDIO)
        return lambda images: (10 - _score(ma, images) + _score(niqe, images)) / 2
    metric = _create(name, device, *files.values())
    return lambda images: _score(metric, images)


def build_pyiqa_comparison(name: str, files: Mapping[str, Path], device: torch.device) -> Compare:
    """A metric with a reference, for one pair at a time, sRGB in [0, 1].

    Args:
        name: ``dists``.
        files: Paths of the backbone and of the weights of the metric, in that order.
        device: Where to compute.

    Raises:
        UnavailableError: pyiqa cannot be imported.
        WeightsError: A file is not of this metric.
    """
    backbone, weights = files.values()
    with _torch_hub_with(backbone):
        metric = _create(name, device, weights)
    return lambda images, references: _score(metric, images, references)


def _create(name: str, device: torch.device, path: Path, **options: object) -> Callable[..., Tensor]:
    pyiqa = _import()
    try:
        if path.suffix == ".pth":
            # pyiqa unpickles any file; this refuses one that would run code.
            torch.load(path, map_location="cpu", weights_only=True)
        with redirect_stdout(StringIO()), _readable(path) as file:  # pyiqa prints what it loads
            metric: Callable[..., Tensor] = pyiqa.create_metric(
                name, device=device, pretrained_model_path=str(file), **options
            )
    except Exception as error:
        raise WeightsError(f"{path} cannot be used for {name}: {_one_line(error)}") from error
    return metric


@contextmanager
def _readable(path: Path) -> Iterator[Path]:
    """The file, or a temporary copy of it in a format that pyiqa reads: MATLAB, if it is safetensors."""
    if path.suffix != ".safetensors":
        yield path
        return
    from safetensors.numpy import load_file
    from scipy.io import savemat

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"{path.stem}.mat"
        savemat(copy, load_file(path))
        yield copy


def _import() -> Any:  # noqa: ANN401 - a module without types
    logging.getLogger("pyiqa").setLevel(logging.WARNING)
    try:
        return import_module("pyiqa")
    except ImportError as error:
        raise UnavailableError(f"pyiqa cannot be imported ({error}); run: pip install pyiqa") from error


def _score(metric: Callable[..., Tensor], *batches: Images) -> PerImage:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return metric(*batches).detach().flatten().double()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        raise NoScoreError(f"pyiqa gave no score: {_one_line(error)}") from error


@contextmanager
def _torch_hub_with(backbone: Path) -> Iterator[None]:
    """Within this context, torchvision finds the file where it keeps downloads."""
    before = torch.hub.get_dir()
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "checkpoints" / backbone.name
        link.parent.mkdir()
        link.symlink_to(backbone.resolve())
        torch.hub.set_dir(folder)
        try:
            yield
        finally:
            torch.hub.set_dir(before)


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
