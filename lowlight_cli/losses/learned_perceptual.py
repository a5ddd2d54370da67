"""LPIPS, a perceptual distance between images, as a loss and as a metric.

Source: Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018, eq. 1
(v0.1). ``lowlight_cli/checkpoints/load_lpips.py`` reads its weights; only those of the heads ship.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from lowlight_cli.tensors import Features, Images, PerImage, Scalar

Backbone = Literal["alex", "vgg"]


class Layer(NamedTuple):
    """A convolution with a ReLU; features are compared after the last one of a block."""

    channels: int
    kernel: int = 3
    stride: int = 1


BLOCKS: dict[Backbone, tuple[tuple[Layer, ...], ...]] = {
    "alex": ((Layer(64, 11, 4),), (Layer(192, 5),), (Layer(384),), (Layer(256),), (Layer(256),)),
    "vgg": (
        (Layer(64),) * 2,
        (Layer(128),) * 2,
        (Layer(256),) * 3,
        (Layer(512),) * 3,
        (Layer(512),) * 3,
    ),
}
"""Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014; Simonyan and
Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015, configuration D."""

POOLS: dict[Backbone, tuple[int, tuple[int, ...]]] = {"alex": (3, (0, 1)), "vgg": (2, (0, 1, 2, 3, 4))}
"""Window of the max pooling with stride 2, and the blocks after which it is applied."""

SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)


class LearnedPerceptual(nn.Module):
    """Weighted squared distance of unit feature vectors after the five blocks of a network.

    Parameters are named as in torchvision (``features.N``) and in the published heads (``linN.model.1``).

    Args:
        backbone: The network: AlexNet or VGG16.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, backbone: Backbone = "vgg") -> None:
        super().__init__()
        for name, values in (("shift", SHIFT), ("scale", SCALE)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        layers: list[nn.Module] = []
        self.taps: list[int] = []
        window, after = POOLS[backbone]
        channels = 3
        for index, block in enumerate(BLOCKS[backbone]):
            for layer in block:
                # Padding keeps the size, except in AlexNet's first layer, whose kernel of 11 is padded by 2.
                padding = layer.kernel // 2 if layer.stride == 1 else 2
                convolution = nn.Conv2d(channels, layer.channels, layer.kernel, layer.stride, padding)
                layers += [convolution, nn.ReLU()]
                channels = layer.channels
            self.taps.append(len(layers) - 1)
            if index in after:
                layers.append(nn.MaxPool2d(window, 2))
        self.features = nn.Sequential(*layers)
        for index, block in enumerate(BLOCKS[backbone]):
            head = nn.Sequential(nn.Identity(), nn.Conv2d(block[-1].channels, 1, 1, bias=False))
            self.add_module(f"lin{index}", nn.ModuleDict({"model": head}))
        self.eval().requires_grad_(False)

    def forward(self, images: Images, targets: Images) -> Scalar:
        """Mean distance; 0 for equal images.

        Args:
            images: sRGB in [0, 1]; gradients flow into them.
            targets: sRGB in [0, 1], sides at least 32.
        """
        return self.distances(images, targets).mean()

    def distances(self, images: Images, targets: Images) -> PerImage:
        """Distance of each pair; arguments as in ``forward``."""
        total = images.new_zeros(len(images))
        for index, (a, b) in enumerate(zip(self._seen(images), self._seen(targets), strict=True)):
            weights = self.get_parameter(f"lin{index}.model.1.weight")
            difference = (normalize(a, dim=1, eps=1e-10) - normalize(b, dim=1, eps=1e-10)).square()
            total = total + (difference * weights).sum(1).mean((1, 2))
        return total

    def _seen(self, images: Images) -> list[Features]:
        features: Tensor = (2 * images - 1 - self.shift) / self.scale
        tapped = []
        for index, layer in enumerate(self.features[: self.taps[-1] + 1]):
            features = layer(features)
            if index in self.taps:
                tapped.append(features)
        return tapped
