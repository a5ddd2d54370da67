"""Initializes later stages with the weights of earlier ones."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from lowlight_cli.checkpoints.load import fill, refuse_torch_file
from lowlight_cli.checkpoints.locate import refuse_folder
from lowlight_cli.errors import WeightsError
from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.models.codeenhance.config import CodeEnhanceConfig
from lowlight_cli.models.codeenhance.model import CodeEnhance
from lowlight_cli.models.semantic.config import SemanticConfig
from lowlight_cli.models.semantic.mobilenet import MobileNetV2
from lowlight_cli.models.semantic.model import SemanticNet
from lowlight_cli.models.vqgan.config import VqganConfig
from lowlight_cli.models.vqgan.model import Vqgan


def start_from(
    config: CodeEnhanceConfig, vqgan: Path | None, semantic: Path | None
) -> tuple[CodeEnhance, Vqgan]:
    """Returns the network to train and the frozen stage I network, which gives the target codes.

    Encoder, codes, decoder and both quantization layers start with the weights of stage I; additional input
    planes start at zero. Without weights the parts start at random, which is useful only in tests.

    Raises:
        WeightsError: A file is missing or of another shape.
    """
    model, prior = CodeEnhance(config), load_stage_one(config.vqgan, vqgan)
    if semantic is not None and model.semantic is not None:
        fill(model.semantic, load_part(semantic), semantic)
    copy_matching_weights(model, prior)
    if model.reference_encoder is not None:
        model.reference_encoder.load_state_dict(prior.encoder.state_dict())
    return model, prior


def load_stage_one(config: VqganConfig, weights: Path | None) -> Vqgan:
    """The network of stage I; without weights it is random, which is useful only in tests.

    Raises:
        WeightsError: The file is missing or of another shape.
    """
    net = Vqgan(config)
    if weights is not None:
        fill(net, load_part(weights), weights)
    return net


def require_same_codes(codebook: Codebook, prior: Codebook, origin: Path, otherwise: str = "") -> None:
    """Checks that a network has the codes of a stage I network, whose latents it is to be trained on.

    Args:
        codebook: That of the network.
        prior: That of stage I.
        origin: Weights of the network, for the message.
        otherwise: What else to do, for the message.

    Raises:
        WeightsError: It has others.
    """
    if not torch.allclose(codebook.weight, prior.weight, rtol=1e-2, atol=1e-3):
        raise WeightsError(
            f"weights {origin} were trained with codes of another stage I: give it with --vqgan{otherwise}"
        )


def copy_matching_weights(model: nn.Module, prior: Vqgan) -> None:
    """Copies the weights of stage I into a later network, which has the same names for them.

    Input planes that stage I does not have start at zero.

    Raises:
        WeightsError: The network lacks a weight of stage I.
    """
    state = dict(prior.state_dict())
    planes = model.get_parameter("encoder.stem.weight").shape[1]
    state["encoder.stem.weight"] = add_input_planes(state["encoder.stem.weight"], planes)
    # The later network has more parts than stage I.
    unexpected = model.load_state_dict(state, strict=False).unexpected_keys
    if unexpected:
        raise WeightsError(f"stage I has weights that the network has no place for: {', '.join(unexpected)}")


def semantic_net(config: CodeEnhanceConfig, weights: Path | None) -> nn.Module:
    """The frozen semantic network alone, for losses.

    Raises:
        WeightsError: The file is missing or of another shape.
    """
    net = SemanticNet(config.semantic) if isinstance(config.semantic, SemanticConfig) else MobileNetV2()
    if weights is not None:
        fill(net, load_part(weights), weights)
    return net.eval().requires_grad_(requires_grad=False)


def load_part(path: Path) -> dict[str, Tensor]:
    """Weights of a file as float32.

    Raises:
        WeightsError: The file is missing, damaged or a folder.
    """
    refuse_folder(path)
    try:
        return {key: value.float() for key, value in load_file(path).items()}
    except (OSError, SafetensorError) as error:
        refuse_torch_file(path)
        raise WeightsError(f"cannot read weights {path}: {error}") from error


def add_input_planes(weight: Tensor, planes: int) -> Tensor:
    """Weight of a first convolution, extended to ``planes`` input planes; new ones start at zero."""
    missing = planes - weight.shape[1]
    return torch.cat([weight, weight.new_zeros(len(weight), missing, *weight.shape[2:])], dim=1)
