"""Modulated deformable 3x3 convolution: a guide sets the offset and the weight of each tap.

Source: Zhu et al., "Deformable ConvNets v2: More Deformable, Better Results", 2019, eq. 1.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv2d, grid_sample

from lowlight_cli.tensors import Features

TAPS = 9
POSITIONS_PER_STRIP = 2**18


class DeformableConvolution(nn.Module):
    """Deformable convolution whose offsets and modulation a plain convolution computes from a guide.

    Initially all offsets are 0 and all modulations 0.5: half a plain convolution.

    Args:
        channels_in: Channels of the input; a multiple of ``groups``.
        channels_out: Channels of the output.
        guide_channels: Channels of the guide.
        groups: Groups of channels with separate offsets.
        reach: Longest offset in positions, approached smoothly; None for no limit.
        guide_kernel: Side of the kernel on the guide.

    Attributes:
        still: Whether to use the initial offsets and modulation, which saves time in training.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        guide_channels: int,
        *,
        groups: int = 4,
        reach: float | None = None,
        guide_kernel: int = 3,
    ) -> None:
        super().__init__()
        self.groups = groups
        self.reach = reach
        self.still = False
        bound = (TAPS * channels_in) ** -0.5
        self.weight = nn.Parameter(torch.empty(channels_out, channels_in, 3, 3).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(channels_out))
        self.predict = nn.Conv2d(guide_channels, 3 * TAPS * groups, guide_kernel, padding=guide_kernel // 2)
        for parameter in self.predict.parameters():
            nn.init.zeros_(parameter)

    def forward(self, features: Features, guide: Features) -> Features:
        """Convolves features, (b, channels_in, h, w), at places computed from a guide of the same size."""
        if self.still:
            return conv2d(features, 0.5 * self.weight, self.bias, padding=1)
        offsets, logits = self.predict(guide).split([2 * TAPS * self.groups, TAPS * self.groups], dim=1)
        if self.reach is not None:
            offsets = self.reach * torch.tanh(offsets.float() / self.reach)
        return deformable_convolution(features, offsets, logits.sigmoid(), self.weight, self.bias)


def deformable_convolution(
    features: Features,
    offsets: Features,
    modulation: Features,
    weight: Float[Tensor, "_o _c 3 3"],
    bias: Float[Tensor, " _o"],
) -> Features:
    """Convolves with stride 1 at moved places, with zeros outside of the features.

    Places are computed in float32 for features of any type: bfloat16 would be off by whole positions from 256
    on. An offset of NaN counts as 0, so that no kernel reads outside of the memory of the features.

    Args:
        features: Input, (b, c, h, w).
        offsets: Positions down and right for each group and tap, (b, groups * 9 * 2, h, w); taps in reading
            order, down before right.
        modulation: Factor for each group and tap, (b, groups * 9, h, w).
        weight: Kernel.
        bias: Added to the result.
    """
    if not features.is_cuda:
        return _by_sampling(features, offsets, modulation, weight, bias)

    # torchvision's kernel is twice as fast there, and six times slower on a CPU. It always runs in the
    # default stream, so it must not be recorded as a CUDA graph.
    from torchvision.ops import deform_conv2d

    with torch.autocast("cuda", enabled=False):
        offsets = _reachable(offsets.unflatten(1, (-1, 2)), features).flatten(1, 2)
        full = (features.float(), offsets, weight.float(), bias.float())
        convolved: Tensor = deform_conv2d(*full, padding=1, mask=modulation.float())
    return convolved.to(features.dtype)


def _reachable(moves: Tensor, features: Features) -> Tensor:
    """Offsets limited to just outside of the features, beyond which the result does not change.

    Args:
        moves: Offsets in positions, down and right, (b, n, 2, h, w).
        features: The features.
    """
    height, width = features.shape[2:]
    down, right = moves.float().nan_to_num(nan=0.0).unbind(2)
    # Limits as numbers instead of a tensor keep an exported graph independent of the size.
    return torch.stack([down.clamp(-height - 1, height + 1), right.clamp(-width - 1, width + 1)], dim=2)


def _by_sampling(
    features: Features, offsets: Features, modulation: Features, weight: Tensor, bias: Tensor
) -> Features:
    """The convolution in strips of rows, to limit the memory of the sampled features."""
    batch, channels, height, width = features.shape
    groups = offsets.shape[1] // (2 * TAPS)
    moves = offsets.reshape(batch * groups, TAPS, 2, height, width)
    shares = modulation.reshape(batch * groups, TAPS, 1, height, width)
    planes = features.reshape(batch * groups, channels // groups, height, width)
    if torch.compiler.is_exporting():  # the number of strips would be fixed in the graph
        return _strip(planes, moves, shares, 0, weight, bias)
    lines = max(1, POSITIONS_PER_STRIP // width)
    convolved = features.new_empty(batch, len(weight), height, width)
    for top in range(0, height, lines):
        rows = slice(top, top + lines)
        strip = _strip(planes, moves[:, :, :, rows], shares[:, :, :, rows], top, weight, bias)
        convolved[:, :, rows] = strip
    return convolved


def _strip(
    planes: Features, moves: Tensor, shares: Tensor, top: int, weight: Tensor, bias: Tensor
) -> Features:
    height, width = planes.shape[2:]
    lines, channels = moves.shape[3], weight.shape[1]
    batch = planes.shape[0] * planes.shape[1] // channels
    rows = torch.arange(top, top + lines, device=planes.device).view(-1, 1)
    columns = torch.arange(width, device=planes.device)
    moves = _reachable(moves, planes)
    kernels = weight.flatten(2).unbind(2)  # one matrix (o, c) for each tap
    convolved = bias.view(1, -1, 1).to(planes.dtype).expand(batch, -1, lines * width)
    for tap, kernel in enumerate(kernels):
        y = (2 * (moves[:, tap, 0] + rows + (tap // 3 - 1)) + 1) / height - 1
        x = (2 * (moves[:, tap, 1] + columns + (tap % 3 - 1)) + 1) / width - 1
        with torch.autocast(planes.device.type, enabled=False):
            seen = grid_sample(planes.float(), torch.stack([x, y], dim=-1), align_corners=False)
            seen = (seen * shares[:, tap].float()).to(planes.dtype)
        seen = seen.view(batch, channels, -1)
        convolved = torch.baddbmm(convolved, kernel.to(seen.dtype).expand(batch, -1, -1), seen)
    return convolved.view(batch, -1, lines, width)
