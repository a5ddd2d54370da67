"""LPIPS on VGG16 as a loss: differences between pictures as people rate them.

Source: Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018, eq. 1
(v0.1). Its weights do not ship: ``lowlight_cli/training/perception.py`` reads them from disk.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from lowlight_cli.tensors import Features, Images, Scalar

BLOCKS: tuple[tuple[int, ...], ...] = (
    (64, 64),
    (128, 128),
    (256, 256, 256),
    (512, 512, 512),
    (512, 512, 512),
)
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)


class LearnedPerceptual(nn.Module):
    """Weighted squared difference of unit feature vectors after the five blocks of VGG16.

    Parameters are called as in torchvision (``features.N``) and in the published heads (``linN.model.1``).
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.taps: list[int] = []
        channels = 3
        for widths in BLOCKS:
            for width in widths:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            self.taps.append(len(layers) - 1)
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        for index, widths in enumerate(BLOCKS):
            head = nn.Sequential(nn.Identity(), nn.Conv2d(widths[-1], 1, 1, bias=False))
            self.add_module(f"lin{index}", nn.ModuleDict({"model": head}))
        self.eval().requires_grad_(False)

    def forward(self, images: Images, targets: Images) -> Scalar:
        """Mean distance; 0 for equal pictures.

        Args:
            images: sRGB in [0, 1]; gradients flow into them.
            targets: sRGB in [0, 1], sides at least 16.
        """
        total = images.new_zeros(())
        for index, (a, b) in enumerate(zip(self._seen(images), self._seen(targets), strict=True)):
            weights = self.get_parameter(f"lin{index}.model.1.weight")
            difference = (normalize(a, dim=1, eps=1e-10) - normalize(b, dim=1, eps=1e-10)).square()
            total = total + (difference * weights.view(1, -1, 1, 1)).sum(1).mean()
        return total

    def _seen(self, images: Images) -> list[Features]:
        shift, scale = (torch.tensor(row, device=images.device).view(1, 3, 1, 1) for row in (SHIFT, SCALE))
        features: Tensor = (2 * images - 1 - shift) / scale
        tapped = []
        for index, layer in enumerate(self.features[: self.taps[-1] + 1]):
            features = layer(features)
            if index in self.taps:
                tapped.append(features)
        return tapped
