"""Graphs of whole images, and graphs of tiles with the images that they are from."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.export import Dim

from lowlight_cli.layers.coupling import InvertibleMixing
from lowlight_cli.models.controls import Controls
from lowlight_cli.models.interface import PLACE, Enhancer
from lowlight_cli.tensors import Images, Places

LARGEST_SIDE = 16384
LARGEST_BATCH = 64

Inputs = tuple[Tensor, ...]
Shapes = tuple[dict[int, Any], ...]


class Graph(nn.Module, ABC):
    """A model with its controls fixed.

    Args:
        model: In evaluation mode.
        controls: Strength of each part.

    Attributes:
        inputs: Names of the inputs, in order.
        described: Description of the inputs, for the file's metadata.
    """

    inputs: ClassVar[tuple[str, ...]]
    described: ClassVar[str]

    def __init__(self, model: Enhancer, controls: Controls) -> None:
        super().__init__()
        self.model = model
        self.controls = controls
        for module in model.modules():
            if isinstance(module, InvertibleMixing):
                module.settle()
        self.eval()

    @property
    def multiple(self) -> int:
        """Sides of images must be multiples of it."""
        return self.model.size_multiple

    @property
    def smallest(self) -> int:
        """Least height and width."""
        return 2 * max(self.multiple, 16)

    @abstractmethod
    def shapes(self) -> Shapes:
        """Dynamic sizes of each input, as ``torch.export`` takes them."""

    @abstractmethod
    def example(self, batch: int, height: int, width: int) -> Inputs:
        """Inputs with images of a size; always the same for a size."""


class WholeGraph(Graph):
    """Takes whole images."""

    inputs = ("images",)
    described = "images: float32, (batch, 3, height, width), sRGB in [0, 1]"

    def forward(self, images: Images) -> Images:
        """Enhanced images."""
        return self.model.enhance(images, self.controls)

    def shapes(self) -> Shapes:
        """Batch, height and width are free."""
        return (_picture(self, _batch(), "rows", "columns"),)

    def example(self, batch: int, height: int, width: int) -> Inputs:
        """Dark images with a little noise."""
        return (dark_pictures(batch, height, width),)


class TileGraph(Graph):
    """Takes tiles, the whole images they are from (or smaller copies), and their position."""

    inputs = ("images", "whole", "place")
    described = (
        f"{WholeGraph.described}: tiles; whole: the images they are from, or smaller copies, "
        "(batch, 3, other height, other width); "
        "place: float32, (batch, 4), top, left, height and width of each tile as fractions of the whole"
    )

    def forward(self, images: Images, whole: Images, place: Places) -> Images:
        """Enhanced tiles, consistent over the whole image."""
        facts = self.model.observe(whole, self.controls)
        return self.model.enhance(images, self.controls, observation=facts | {PLACE: place})

    def shapes(self) -> Shapes:
        """The batch is free, and heights and widths of tiles and of whole images are."""
        batch = _batch()
        whole = _picture(self, batch, "whole_rows", "whole_columns")
        return (_picture(self, batch, "rows", "columns"), whole, {0: batch})

    def example(self, batch: int, height: int, width: int) -> Inputs:
        """Tiles, the larger images they are cut from, and their position."""
        multiple = self.multiple
        rows, columns = height + 3 * multiple, width + 4 * multiple
        whole = dark_pictures(batch, rows, columns)
        # A copy, because torch.export would specialize on the strides of a view.
        tile = whole[..., multiple : multiple + height, multiple : multiple + width].clone()
        place = (multiple / rows, multiple / columns, height / rows, width / columns)
        return tile, whole, torch.tensor([place]).repeat(batch, 1)


def dark_pictures(batch: int, height: int, width: int) -> Images:
    """Dark coarse blocks with a little noise: in a flat image codes would tie."""
    generator = torch.Generator().manual_seed(height)
    coarse = torch.rand(batch, 3, 5, 5, generator=generator)
    noise = 0.02 * torch.rand(batch, 3, height, width, generator=generator)
    return 0.25 * nn.functional.interpolate(coarse, (height, width), mode="bilinear") + noise


def _batch() -> Any:  # noqa: ANN401 - PyTorch names no type for it
    return Dim("batch", min=1, max=LARGEST_BATCH)


def _picture(graph: Graph, batch: Any, rows: str, columns: str) -> dict[int, Any]:  # noqa: ANN401
    sides = [_side(name, graph.multiple, graph.smallest) for name in (rows, columns)]
    return {0: batch, 2: sides[0], 3: sides[1]}


def _side(name: str, multiple: int, smallest: int) -> Any:  # noqa: ANN401
    count = Dim(name, min=smallest // multiple, max=LARGEST_SIDE // multiple)
    return multiple * count if multiple > 1 else count
