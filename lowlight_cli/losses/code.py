"""Pulls the latent of a dark picture to the codes of its bright one, and the codes' shift to the data.

Source: CodeEnhance, eq. 8-9, with stop-gradients as the paper writes them and a cross-entropy in place of
the third term, whose gradient never reaches the encoder: docs/models/codeenhance.md.
"""

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy, embedding, mse_loss

from lowlight_cli.losses.exact_product import exact_product
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
    rows: Tensor, shift: Tensor, latent: Features, wanted: CodeIndices, target: Features, temperature: float
) -> CodeLosses:
    """All parts; weights are the recipe's.

    Args:
        rows: Codes without shift, frozen, (size, c).
        shift: What is added to them, (size, c).
        latent: Latent of the dark picture before the codebook.
        wanted: Rows of the codes of the bright picture, found without shift.
        target: Latent of the bright picture before the codebook.
        temperature: Divides the squared distances before the softmax.
    """
    shifted = rows + shift
    codes = embedding(wanted, shifted).movedim(-1, 1)
    fixed, fixed_rows = codes.detach(), shifted.detach().double()
    tokens = latent.movedim(1, -1).flatten(0, 2)
    distances = fixed_rows.square().sum(1) - 2 * exact_product(tokens, fixed_rows.T)
    return CodeLosses(
        commitment=mse_loss(latent, fixed),
        choice=cross_entropy(-distances.float() / temperature, wanted.flatten(), label_smoothing=0.1),
        texture=gram(latent, fixed),
        shift=mse_loss(codes, target),
        smallness=shift.square().sum(),
    )
