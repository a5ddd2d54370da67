"""Metrics computed by pyiqa, the only importer of it; everything else works without it.

Its licence, PolyForm Noncommercial 1.0.0, forbids commercial use. It is handed tensors and the paths of its
files, so that it never looks for the network.
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
from lowlight_cli.evaluation.metric_factory import Compare, NoScoreError, Rate
from lowlight_cli.tensors import Images, PerImage

_NIQE = "niqe_modelparameters.mat"
_NRQM = "NRQM_model.mat"
_STUDIO = {"crop_border": 4, "color_space": "ycbcr"}
"""How the perceptual index looks at pictures. Source: Blau et al., PIRM challenge, 2018."""


def build_pyiqa_rating(name: str, files: Mapping[str, Path], device: torch.device) -> Rate:
    """A metric without a reference, for one picture at a time, sRGB in [0, 1].

    Args:
        name: ``niqe``, ``brisque``, ``nrqm``, ``musiq`` or ``pi``.
        files: Paths of its files by their published names.
        device: Where to compute.

    Raises:
        UnavailableError: pyiqa cannot be imported.
        WeightsError: A file does not fit.
    """
    if name == "pi":
        ma = _create("nrqm", device, files[_NRQM], **_STUDIO)
        niqe = _create("niqe", device, files[_NIQE], **_STUDIO)
        return lambda images: (10 - _called(ma, images) + _called(niqe, images)) / 2
    metric = _create(name, device, *files.values())
    return lambda images: _called(metric, images)


def build_pyiqa_comparison(name: str, files: Mapping[str, Path], device: torch.device) -> Compare:
    """A metric with a reference, for one pair at a time, sRGB in [0, 1].

    Args:
        name: ``dists``.
        files: Paths of the backbone and of the metric's own weights, in that order.
        device: Where to compute.

    Raises:
        UnavailableError: pyiqa cannot be imported.
        WeightsError: A file does not fit.
    """
    backbone, own = files.values()
    with _hub_that_holds(backbone):
        metric = _create(name, device, own)
    return lambda images, references: _called(metric, images, references)


def _create(name: str, device: torch.device, path: Path, **options: object) -> Callable[..., Tensor]:
    pyiqa = _import()
    try:
        if path.suffix == ".pth":
            # pyiqa unpickles whatever it finds; this refuses a file that would run code.
            torch.load(path, map_location="cpu", weights_only=True)
        with redirect_stdout(StringIO()):  # where it says what it loads
            metric: Callable[..., Tensor] = pyiqa.create_metric(
                name, device=device, pretrained_model_path=str(path), **options
            )
    except Exception as error:
        raise WeightsError(f"{path} cannot be used for {name}: {_one_line(error)}") from error
    return metric


def _import() -> Any:  # noqa: ANN401 - a module without types
    logging.getLogger("pyiqa").setLevel(logging.WARNING)
    try:
        return import_module("pyiqa")
    except ImportError as error:
        raise UnavailableError(f"pyiqa cannot be imported ({error}); pip install pyiqa") from error


def _called(metric: Callable[..., Tensor], *pictures: Images) -> PerImage:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return metric(*pictures).detach().flatten().double()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        raise NoScoreError(f"pyiqa gives no number: {_one_line(error)}") from error


@contextmanager
def _hub_that_holds(backbone: Path) -> Iterator[None]:
    """For a while, torchvision finds a file where it looks for downloads."""
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
