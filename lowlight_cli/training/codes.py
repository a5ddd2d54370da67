"""Initializes a codebook, restarts its unused codes, counts its use, and looks up target codes."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from lowlight_cli.layers.codebook import Codebook
from lowlight_cli.models.vqgan.model import Vqgan
from lowlight_cli.tensors import CodeIndices, Features, Images, Scalar
from lowlight_cli.training.distributed import items_of_all, summed


class CodeCounts:
    """Counts how often each code is used, (size,); can be saved like a model.

    Attributes:
        values: Uses of each code since the last ``clear``.
        dead: Unused codes at the last ``clear``.
        restarted: Codes restarted so far.
    """

    def __init__(self, values: Tensor) -> None:
        self.values = values
        self.dead = 0
        self.restarted = 0

    def add(self, indices: CodeIndices) -> None:
        """Adds the codes of a batch, over all processes."""
        self.values += summed(torch.bincount(indices.flatten(), minlength=len(self.values)))

    def clear(self) -> None:
        """Resets the counts, and records the number of unused codes."""
        self.dead = int((self.values < 1).sum())
        self.values = torch.zeros_like(self.values)

    def numbers(self) -> dict[str, float]:
        """Unused codes in the last window of steps, and restarts so far, by name."""
        return {"window_dead_codes": float(self.dead), "restarted": float(self.restarted)}

    def state_dict(self) -> dict[str, Any]:
        """The counts."""
        return {"values": self.values, "dead": self.dead, "restarted": self.restarted}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores saved counts."""
        self.values = state["values"].to(self.values)
        # Older checkpoints lack these.
        self.dead, self.restarted = state.get("dead", 0), state.get("restarted", 0)


def perplexity(counts: Tensor) -> Scalar:
    """Effective number of codes in use: the exponential of the entropy of their use."""
    shares = counts / counts.sum().clamp_min(1)
    return torch.exp(-(shares * (shares + 1e-10).log()).sum())


def usage(counts: Tensor) -> dict[str, float]:
    """Perplexity, and numbers of used and unused codes, by name."""
    used = int((counts > 0).sum())
    return {
        "perplexity": float(perplexity(counts)),
        "used_codes": float(used),
        "dead_codes": float(len(counts) - used),
    }


@torch.no_grad()
def restart_dead_codes(
    codebook: Codebook, counts: Tensor, latent: Features, generator: torch.Generator
) -> int:
    """Moves unused codes onto random latents of the batch, over all processes; returns how many.

    Source: Dhariwal et al., "Jukebox", 2020, section 3.1 (random restart).
    """
    dead = (counts < 1).nonzero().flatten()
    tokens = items_of_all(latent).movedim(1, -1).flatten(0, 2)
    picks = torch.randint(len(tokens), (len(dead),), generator=generator).to(tokens.device)
    codebook.weight[dead] = tokens[picks].to(codebook.weight.dtype)
    return len(dead)


@torch.no_grad()
def kmeans_init(
    codebook: Codebook, latent: Features, generator: torch.Generator, *, rounds: int = 10
) -> None:
    """Sets the codes to k-means centers of the latents (Lloyd's algorithm, started from random latents)."""
    tokens = latent.movedim(1, -1).flatten(0, 2)
    picks = torch.randint(len(tokens), (codebook.weight.shape[0],), generator=generator).to(tokens.device)
    codebook.weight.copy_(tokens[picks])
    for _ in range(rounds):
        rows = codebook.nearest(latent).flatten()
        counts = torch.bincount(rows, minlength=len(codebook.weight)).clamp_min(1)[:, None]
        sums = torch.zeros_like(codebook.weight).index_add_(0, rows, tokens)
        found = torch.bincount(rows, minlength=len(codebook.weight)) > 0
        codebook.weight[found] = (sums / counts)[found]


class TargetCodes(NamedTuple):
    """Latents of the references by stage I, the indices of their codes, and the codes."""

    latent: Features
    indices: CodeIndices
    codes: Features


@torch.no_grad()
def target_codes(prior: Vqgan, bright: Images) -> TargetCodes:
    """Targets for the latents of the dark images."""
    latent = prior.encode(bright)
    indices = prior.codebook.nearest(latent)
    return TargetCodes(latent, indices, prior.codebook.lookup(indices))
