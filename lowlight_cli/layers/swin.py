"""Trunk of residual shifted-window transformer stages.

Source: Liu et al., "Swin Transformer", 2021, sec. 3.2; Liang et al., "SwinIR", 2021, eq. 4-6.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, gelu, scaled_dot_product_attention

from lowlight_cli.tensors import Features

REGION_PENALTY = -100.0
"""Added to the score of two tokens from opposite borders that the shift puts in one window."""


class WindowLayout(NamedTuple):
    """Tensors that all blocks share for one size of features.

    Attributes:
        offsets: Row of the bias table for each pair of tokens (query, key) of a window, (l, l).
        mask: Penalty of each pair in each shifted window, (n, l, l).
    """

    offsets: Tensor
    mask: Tensor


class TokenLinear(nn.Linear):
    """A linear layer for tokens, computed as a convolution where that is faster.

    On a CPU in float32, PyTorch takes MKL for linear layers and oneDNN for convolutions. On an AMD EPYC, MKL
    took 1.5 to 2.4 times as long. Results are equal up to rounding.
    """

    def forward(self, tokens: Tensor) -> Tensor:
        """Transforms tokens of any leading shape, channels last."""
        is_plain = tokens.device.type == "cpu" and tokens.dtype == torch.float32
        if not is_plain or torch.is_grad_enabled() or torch.is_autocast_enabled("cpu"):
            return super().forward(tokens)
        pixels = tokens.reshape(1, -1, 1, self.in_features).permute(0, 3, 1, 2)
        transformed = conv2d(pixels, self.weight[..., None, None], self.bias)
        return transformed.permute(0, 2, 3, 1).reshape(*tokens.shape[:-1], self.out_features)


class WindowAttention(nn.Module):
    """Self-attention inside windows, with a learned bias for each offset between two positions."""

    def __init__(self, channels: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = TokenLinear(channels, 3 * channels)
        self.proj = TokenLinear(channels, channels)
        self.bias_table = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        nn.init.trunc_normal_(self.bias_table, std=0.02)

    def forward(self, windows: Tensor, offsets: Tensor, mask: Tensor | None) -> Tensor:
        """Attends between the tokens of each window.

        Args:
            windows: Tokens, (b, n, l, c).
            offsets: Row of the bias table for each pair of tokens, (l, l).
            mask: Penalty of each pair of tokens in each window, (n, l, l); None for no penalty.
        """
        batch, count, length, channels = windows.shape
        packed = self.qkv(windows).reshape(batch, count, length, 3, self.heads, channels // self.heads)
        queries, keys, values = packed.permute(3, 0, 1, 4, 2, 5)  # each (b, n, heads, l, c / heads)
        scores = self.bias_table[offsets].movedim(-1, 0)  # (heads, l, l)
        joined = 0
        if mask is not None:
            # Windows are merged with the heads, not the batch, so that masks are not repeated per image.
            joined = 1
            scores = (scores + mask.unsqueeze(1)).flatten(0, 1)  # (n * heads, l, l)
        queries, keys, values = (part.flatten(joined, joined + 1) for part in (queries, keys, values))
        mixed = scaled_dot_product_attention(queries, keys, values, scores.to(queries.dtype).unsqueeze(0))
        mixed = mixed.reshape(batch, count, self.heads, length, -1).transpose(2, 3).flatten(3)  # (b, n, l, c)
        projected: Tensor = self.proj(mixed)
        return projected


class FeedForward(nn.Module):
    """Two linear layers with a GELU between them, applied to each token."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = TokenLinear(channels, hidden)
        self.fc2 = TokenLinear(hidden, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """Transforms tokens of any leading shape, channels last."""
        transformed: Tensor = self.fc2(gelu(self.fc1(tokens)))
        return transformed


class SwinBlock(nn.Module):
    """Window attention and a feed-forward layer, each with a pre-norm and a skip."""

    def __init__(self, channels: int, heads: int, window: int, mlp_ratio: int, *, shifted: bool) -> None:
        super().__init__()
        self.window = window
        self.shift = window // 2 if shifted else 0
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, heads, window)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = FeedForward(channels, mlp_ratio * channels)

    def forward(self, tokens: Tensor, layout: WindowLayout) -> Tensor:
        """Transforms tokens, (b, h, w, c)."""
        tokens = tokens + self._attend(self.norm1(tokens), layout)
        transformed: Tensor = self.mlp(self.norm2(tokens))
        return tokens + transformed

    def _attend(self, tokens: Tensor, layout: WindowLayout) -> Tensor:
        height, width = tokens.shape[1:3]
        mask = layout.mask if self.shift else None
        shifted = tokens.roll((-self.shift, -self.shift), (1, 2)) if self.shift else tokens
        mixed = self.attn(cut_windows(shifted, self.window), layout.offsets, mask)
        mixed = join_windows(mixed, height, width)
        return mixed.roll((self.shift, self.shift), (1, 2)) if self.shift else mixed


class SwinStage(nn.Module):
    """Blocks alternately without and with shift, then a convolution, with a skip."""

    def __init__(self, channels: int, blocks: int, heads: int, window: int, mlp_ratio: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            SwinBlock(channels, heads, window, mlp_ratio, shifted=index % 2 == 1) for index in range(blocks)
        )
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Features, layout: WindowLayout) -> Features:
        """Refines features; sides are multiples of the window."""
        tokens = features.movedim(1, -1)
        for block in self.blocks:
            tokens = block(tokens, layout)
        refined: Tensor = self.conv(tokens.movedim(-1, 1))
        return features + refined


class SwinTrunk(nn.ModuleList):
    """A sequence of stages, which can be indexed.

    Args:
        channels: Channels of the features.
        groups: Number of stages.
        blocks: Blocks in a stage; every second one is shifted by half a window.
        heads: Attention heads; divides ``channels``.
        window: Side of a window in positions.
        mlp_ratio: Hidden width of the feed-forward layers, in multiples of ``channels``.
    """

    def __init__(
        self,
        channels: int = 256,
        groups: int = 4,
        blocks: int = 6,
        heads: int = 8,
        window: int = 8,
        mlp_ratio: int = 4,
    ) -> None:
        super().__init__(SwinStage(channels, blocks, heads, window, mlp_ratio) for _ in range(groups))
        self.window = window

    def forward(self, features: Features) -> Features:
        """Refines features.

        Raises:
            ValueError: Height or width is not a multiple of the window.
        """
        height, width = features.shape[-2:]
        if height % self.window or width % self.window:
            raise ValueError(f"sides of {height}x{width} features are not multiples of {self.window}")
        layout = WindowLayout(
            window_offsets(self.window, features.device),
            shift_mask(height, width, self.window, features.device),
        )
        for stage in self:
            features = stage(features, layout)
        return features


def cut_windows(tokens: Tensor, window: int) -> Tensor:
    """Cuts (b, h, w, c) into the tokens of windows in reading order, (b, n, window * window, c)."""
    batch, height, width, channels = tokens.shape
    tiled = tokens.reshape(batch, height // window, window, width // window, window, channels)
    return tiled.transpose(2, 3).reshape(batch, -1, window * window, channels)


def join_windows(windows: Tensor, height: int, width: int) -> Tensor:
    """Undoes ``cut_windows``: (b, n, l, c) to (b, height, width, c)."""
    batch, _, length, channels = windows.shape
    window = round(length**0.5)
    tiled = windows.reshape(batch, height // window, width // window, window, window, channels)
    return tiled.transpose(2, 3).reshape(batch, height, width, channels)


def window_offsets(window: int, device: torch.device) -> Tensor:
    """Row of the bias table for each pair of positions (query, key); row 0 is the most negative offset."""
    positions = torch.arange(window * window, device=device)
    rows, columns = positions // window, positions % window
    down = rows.unsqueeze(1) - rows + window - 1
    right = columns.unsqueeze(1) - columns + window - 1
    return down * (2 * window - 1) + right


def shift_mask(height: int, width: int, window: int, device: torch.device) -> Tensor:
    """Penalty of each pair of positions in each window of features shifted by half a window, (n, l, l)."""
    rows = _border_bands(height, window, device)
    columns = _border_bands(width, window, device)
    regions = 3 * rows.unsqueeze(1) + columns  # (h, w)
    windows = cut_windows(regions[None, :, :, None], window).flatten(0, 1).squeeze(-1)  # (n, l)
    return (windows.unsqueeze(1) != windows.unsqueeze(2)) * REGION_PENALTY


def _border_bands(size: int, window: int, device: torch.device) -> Tensor:
    """0 before the last window of a side; 1 and 2 in its halves, of which 2 has wrapped around."""
    positions = torch.arange(size, device=device)
    return (positions >= size - window).long() + (positions >= size - window // 2).long()
