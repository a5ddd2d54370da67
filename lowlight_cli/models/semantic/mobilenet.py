"""Frozen MobileNetV2 at output stride 16, the semantic network of the published CodeEnhance.

Source: Sandler et al., "MobileNetV2", 2018, table 2; Chen et al., "DeepLabV3+", 2018 (dilation for stride).
Each block pads its input before the expansion, unlike the usual form: the border is then an expanded zero,
not a zero. Weights trained with one padding lose accuracy with the other.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from lowlight_cli.tensors import Images

SemanticFeatures = Float[Tensor, "b 320 h_patches w_patches"]
"""320 features for each 16x16 patch."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Group(NamedTuple):
    """Blocks of one width; only the first may have a stride or another dilation than the rest."""

    expansion: int
    channels: int
    repeats: int
    stride: int
    first_dilation: int = 1
    dilation: int = 1


GROUPS = (
    Group(expansion=1, channels=16, repeats=1, stride=1),
    Group(expansion=6, channels=24, repeats=2, stride=2),
    Group(expansion=6, channels=32, repeats=3, stride=2),
    Group(expansion=6, channels=64, repeats=4, stride=2),
    Group(expansion=6, channels=96, repeats=3, stride=1),
    Group(expansion=6, channels=160, repeats=3, stride=1, first_dilation=1, dilation=2),
    Group(expansion=6, channels=320, repeats=1, stride=1, first_dilation=2),
)


class ConvNorm(nn.Sequential):
    """Convolution without bias or padding, batch norm, and ReLU6."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, dilation: int = 1, groups: int = 1
    ) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, dilation=dilation, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU6(inplace=True),
        )


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; with a skip where the shape stays."""

    def __init__(self, inputs: int, outputs: int, *, expansion: int, stride: int, dilation: int) -> None:
        super().__init__()
        hidden = expansion * inputs
        expand = [ConvNorm(inputs, hidden, 1)] if expansion > 1 else []
        self.conv = nn.Sequential(
            *expand,
            ConvNorm(hidden, hidden, 3, stride=stride, dilation=dilation, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.border = 4 * (dilation,)
        self.has_skip = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        """Transforms features, (b, c, h, w); the channels and the sides may change."""
        changed: Tensor = self.conv(pad(features, self.border))
        return features + changed if self.has_skip else changed


class MobileNetV2(nn.Module):
    """Semantic features of images; never trained, and always in evaluation mode.

    In training mode the batch norms would adapt to batches of dark images.

    Args:
        imagenet_norm: Normalize by the ImageNet mean and deviation first, as torchvision weights expect;
            the published CodeEnhance weights expect plain [0, 1].
    """

    channels = 320
    stride = 16
    mean: Tensor
    deviation: Tensor

    def __init__(self, *, imagenet_norm: bool = True) -> None:
        super().__init__()
        self.imagenet_norm = imagenet_norm
        for name, values in (("mean", IMAGENET_MEAN), ("deviation", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)
        self.features = nn.Sequential(ConvNorm(3, 32, 3, stride=2), *_blocks(32))
        self.requires_grad_(False)
        self.train(False)

    def train(self, mode: bool = True) -> "MobileNetV2":
        """Stays in evaluation mode, whatever ``mode`` is."""
        return super().train(False)

    def forward(self, images: Images) -> SemanticFeatures:
        """320 features for each 16x16 patch.

        Args:
            images: sRGB in [0, 1]; sides are multiples of 32, else the last patches are cut.
        """
        if self.imagenet_norm:
            images = (images - self.mean) / self.deviation
        described: Tensor = self.features(images)
        return described


def _blocks(inputs: int) -> list[InvertedResidual]:
    blocks = []
    for group in GROUPS:
        for index in range(group.repeats):
            block = InvertedResidual(
                inputs,
                group.channels,
                expansion=group.expansion,
                stride=group.stride if index == 0 else 1,
                dilation=group.first_dilation if index == 0 else group.dilation,
            )
            blocks.append(block)
            inputs = group.channels
    return blocks
