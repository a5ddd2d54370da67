"""Loads LPIPS and the semantic guide with their published weights."""

from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lowlight_cli.checkpoints.locate import shipped_metric_folder
from lowlight_cli.errors import WeightsError
from lowlight_cli.losses.learned_perceptual import Backbone, LearnedPerceptual
from lowlight_cli.losses.semantic_guide import SemanticGuide


def load_lpips(backbone: Path, heads: Path | None = None, kind: Backbone = "vgg") -> LearnedPerceptual:
    """LPIPS with its published weights.

    Args:
        backbone: torchvision's VGG16 (``vgg16-397923af.pth``) or AlexNet (``alexnet-owt-7be5be79.pth``); its
            classifier is not read.
        heads: LPIPS v0.1 linear heads for the backbone; None for those that ship.
        kind: Which backbone it is.

    Raises:
        WeightsError: A file is missing or does not fit.
    """
    distance = LearnedPerceptual(kind)
    heads = heads or shipped_metric_folder() / f"lpips_{kind}.safetensors"
    state = {key: value for key, value in _read(backbone).items() if key.startswith("features.")}
    try:
        distance.load_state_dict(state | _read(heads))
    except RuntimeError as error:
        raise WeightsError(f"{backbone} and {heads} are not LPIPS ({kind}) weights: {error}") from error
    return distance


def read_semantic_guide(path: Path, code_channels: int, downscale: int) -> SemanticGuide:
    """The semantic guide with the weights of VGG19, and a head with random weights.

    Args:
        path: torchvision's VGG19 (``vgg19-dcbb9e9d.pth``); layers that are not needed are not read.
        code_channels: Channels of a code.
        downscale: Pixels per code along a side.

    Raises:
        WeightsError: The file is missing or does not fit.
    """
    guide = SemanticGuide(code_channels, downscale)
    given = {key.removeprefix("features."): value for key, value in _read(path).items()}
    wanted = guide.vgg.state_dict()
    try:
        guide.vgg.load_state_dict({key: given[key] for key in wanted if key in given})
    except RuntimeError as error:
        raise WeightsError(f"{path} is not a VGG19 weights file: {error}") from error
    return guide


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, UnpicklingError, EOFError, SafetensorError) as error:
        raise WeightsError(f"cannot read weights {path}: {error}") from error
    return found
