"""Pulls the latent of a dark picture to the codes of its bright one, and the codes' shift to the data.

Source: CodeEnhance, eq. 8-9, with stop-gradients as the paper writes them and a cross-entropy in place of the third
term, whose gradient never reaches the encoder: docs/models/codeenhance.md.
"""

from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy, mse_loss

from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.losses.gram import gram
from lowlight_cli.tensors import CodeIndices, Features, Scalar


class CodeLosses(NamedTuple):
    """Parts of the code loss."""

    commitment: Scalar
    choice: Scalar
    texture: Scalar
    shift: Scalar
    smallness: Scalar


def code_losses(
    codebook: Codebook, latent: Features, wanted: CodeIndices, target: Features, temperature: float
) -> CodeLosses:
    """All parts; weights are the recipe's.

    Args:
        codebook: Frozen codes with a trained shift.
        latent: Latent of the dark picture before the codebook.
        wanted: Rows of the codes of the bright picture, without shift.
        target: Latent of the bright picture before the codebook.
        temperature: Divides the squared distances, which are in units of the code length, before the softmax.
    """
    codes = codebook.lookup(wanted)
    fixed = codes.detach()
    rows = codebook.codes.detach()
    tokens = latent.movedim(1, -1).flatten(0, 2)
    distances = rows.square().sum(1) - 2 * tokens @ rows.T
    return CodeLosses(
        commitment=mse_loss(latent, fixed),
        choice=cross_entropy(-distances / temperature, wanted.flatten(), label_smoothing=0.1),
        texture=gram(latent, fixed),
        shift=mse_loss(codes, target),
        smallness=torch.zeros(()) if codebook.shift is None else codebook.shift.square().sum(),
    )
