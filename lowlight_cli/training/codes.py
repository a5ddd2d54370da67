"""Keeping a codebook in use while it is trained."""

import torch
from torch import Tensor

from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.tensors import CodeIndices, Features, Scalar
from lowlight_cli.training.processes import items_of_all, summed


class CodeCounts:
    """How often each code was chosen, (size,); can be saved like a model."""

    def __init__(self, values: Tensor) -> None:
        self.values = values

    def add(self, indices: CodeIndices) -> None:
        """Counts the choices of a batch, or of its parts in all processes."""
        self.values += summed(torch.bincount(indices.flatten(), minlength=len(self.values)))

    def clear(self) -> None:
        """Starts from zero."""
        self.values = torch.zeros_like(self.values)

    def state_dict(self) -> dict[str, Tensor]:
        """The counts."""
        return {"values": self.values}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Goes on from saved counts."""
        self.values = state["values"].to(self.values)


def perplexity(counts: Tensor) -> Scalar:
    """Number of codes in use, as the exponential of the entropy of the choice."""
    shares = counts / counts.sum().clamp_min(1)
    return torch.exp(-(shares * (shares + 1e-10).log()).sum())


@torch.no_grad()
def revive(codebook: Codebook, counts: Tensor, latent: Features, generator: torch.Generator) -> int:
    """Moves codes that nothing chose onto latents of the batch, of all processes; gives how many.

    Source: Dhariwal et al., "Jukebox", 2020, section 3.1 (random restart).
    """
    dead = (counts < 1).nonzero().flatten()
    tokens = items_of_all(latent).movedim(1, -1).flatten(0, 2)
    picks = torch.randint(len(tokens), (len(dead),), generator=generator).to(tokens.device)
    codebook.weight[dead] = tokens[picks].to(codebook.weight.dtype)
    return len(dead)


@torch.no_grad()
def start_on(codebook: Codebook, latent: Features, generator: torch.Generator, *, rounds: int = 10) -> None:
    """Sets the codes to k-means centres of the latents (Lloyd's algorithm from random latents)."""
    tokens = latent.movedim(1, -1).flatten(0, 2)
    picks = torch.randint(len(tokens), (codebook.weight.shape[0],), generator=generator).to(tokens.device)
    codebook.weight.copy_(tokens[picks])
    for _ in range(rounds):
        rows = codebook.nearest(latent).flatten()
        counts = torch.bincount(rows, minlength=len(codebook.weight)).clamp_min(1)[:, None]
        sums = torch.zeros_like(codebook.weight).index_add_(0, rows, tokens)
        found = torch.bincount(rows, minlength=len(codebook.weight)) > 0
        codebook.weight[found] = (sums / counts)[found]
