"""Losses between the latent of a dark image and the codes of its reference, and of the codes' shift.

A file of its own, because these losses belong to one paper.

Source: CodeEnhance, eq. 8-9, with stop-gradients as the paper writes them and a cross-entropy in place of
the third term, whose gradient never reaches the encoder: docs/models/codeenhance.md.
A file of its own: losses are grouped by the paper that they are from.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy, embedding, mse_loss

from lowlight_cli.losses.exact_product import exact_product
from lowlight_cli.losses.gram import gram
from lowlight_cli.tensors import CodeIndices, Features, Scalar


class CodeLosses(NamedTuple):
    """Terms of the code loss."""

    commitment: Scalar
    choice: Scalar
    texture: Scalar
    shift: Scalar
    smallness: Scalar


def code_losses(
    rows: Tensor, shift: Tensor, latent: Features, indices: CodeIndices, target: Features, temperature: float
) -> CodeLosses:
    """All terms, without weights.

    Args:
        rows: Frozen codes without shift, (size, c).
        shift: Learned shift of the codes, (size, c).
        latent: Latent of the dark image before the codebook.
        indices: Indices of the codes of the reference, found without shift.
        target: Latent of the reference before the codebook.
        temperature: Divisor of the squared distances before the softmax.
    """
    shifted = rows + shift
    codes = embedding(indices, shifted).movedim(-1, 1)
    fixed, fixed_rows = codes.detach(), shifted.detach().double()
    tokens = latent.movedim(1, -1).flatten(0, 2)
    distances = fixed_rows.square().sum(1) - 2 * exact_product(tokens, fixed_rows.T)
    return CodeLosses(
        commitment=mse_loss(latent, fixed),
        choice=cross_entropy(-distances.float() / temperature, indices.flatten(), label_smoothing=0.1),
        texture=gram(latent, fixed),
        shift=mse_loss(codes, target),
        smallness=shift.square().sum(),
    )
