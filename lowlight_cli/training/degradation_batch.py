"""Makes batches for DRGN: patches of dark images, of their references, and of clean images to darken."""

from typing import NamedTuple

import torch
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from lowlight_cli.layers.exposure import mean_luma
from lowlight_cli.tensors import Images, PerImage
from lowlight_cli.training import scenes
from lowlight_cli.training.dark_views import dark_view
from lowlight_cli.training.data_sources import Sources
from lowlight_cli.training.photos import NO_CLASS, Crops
from lowlight_cli.training.pool import draw_one, random_below
from lowlight_cli.training.rng import ItemRngs


class Cut(NamedTuple):
    """How patches are cut.

    ``size`` is the batch size and ``side`` that of a patch; an image is first resized by one of ``scales``;
    patches ``on_grid`` do not overlap; ``darkened`` is the share of the batch that is darkened photos, and
    ``synthetic`` the share of items that also bring a clean image.
    """

    size: int
    side: int
    scales: tuple[float, ...]
    on_grid: bool
    darkened: float
    synthetic: float


class DegradationBatch(NamedTuple):
    """Patches of dark images and of their references, and clean patches for the first of them.

    ``lightness`` is the mean luma of the whole dark images, ``clean_ratio`` that of the whole clean images
    divided by that of the patch. ``color`` is 1 for images whose colors can be learned, otherwise 0,
    (b, 1, 1, 1). ``uniform`` is a random number in [0, 1) for each clean image.
    """

    dark: Images
    bright: Images
    lightness: PerImage
    color: Tensor
    clean: Images
    clean_ratio: PerImage
    uniform: PerImage

    def to(self, device: torch.device) -> "DegradationBatch":
        """The batch on another device."""
        return DegradationBatch(*(value.to(device) for value in self))


class _Patch(NamedTuple):
    pixels: Tensor
    lightness: float


def degradation_batch(sources: Sources, cut: Cut, item_rngs: ItemRngs) -> DegradationBatch:
    """Draws a part of a batch; without pairs, all items are darkened photos, and the other way round.

    Clean images are photos; without photos they are the references of other pairs.
    """
    darkened = round(cut.size * cut.darkened) if sources.photos else 0
    parts = [
        _darkened(sources, cut, item) if place < darkened or not sources.pairs else _real(sources, cut, item)
        for place, item in zip(item_rngs.places, item_rngs.items, strict=True)
    ]
    dark, bright, lightness, color, names = zip(*parts, strict=True)
    count = round(len(parts) * cut.synthetic)
    clean = [
        _clean(sources, cut, item, name)
        for item, name in zip(item_rngs.items[:count], names[:count], strict=True)
    ]
    patches = (
        torch.stack([patch.pixels for patch in clean]) if clean else torch.empty(0, 3, cut.side, cut.side)
    )
    means = mean_luma(patches).clamp_min(0.02)
    return DegradationBatch(
        torch.stack(dark),
        torch.stack(bright),
        torch.tensor(lightness),
        torch.tensor(color).view(-1, 1, 1, 1),
        patches,
        (torch.tensor([patch.lightness for patch in clean]) / means).clamp(0.25, 4),
        torch.tensor([float(torch.rand((), generator=item)) for item in item_rngs.items[:count]]),
    )


def random_patch(pixels: Tensor, cut: Cut, generator: Generator) -> Tensor:
    """A patch of an image; see ``cut_patch``."""
    return cut_patch(pixels, cut, generator)[0]


def cut_patch(pixels: Tensor, cut: Cut, generator: Generator) -> tuple[Tensor, scenes.Cut]:
    """A patch of an image, resized by a random scale and mirrored with a probability of one half.

    Args:
        pixels: uint8 (c, h, w), sides at least that of a patch.
        cut: How patches are cut.
        generator: Random generator.

    Returns:
        The patch in [0, 1], (c, side, side), and its place in the image.
    """
    height, width = pixels.shape[1:]
    scale = cut.scales[random_below(len(cut.scales), generator)]
    span = min(round(cut.side / scale), height, width)
    top, left = (_start(length, span, generator, on_grid=cut.on_grid) for length in (height, width))
    patch = pixels[None, :, top : top + span, left : left + span].float() / 255
    if span != cut.side:
        patch = interpolate(patch, (cut.side, cut.side), mode="bilinear", antialias=True, align_corners=False)
    flip = float(torch.rand((), generator=generator))
    image = (patch.flip(3) if flip < 0.5 else patch)[0].clamp(0, 1)
    return image, scenes.Cut(pixels, top, left, span, cut.side, flip < 0.5)


def _start(length: int, span: int, generator: Generator, *, on_grid: bool) -> int:
    if on_grid:
        return span * random_below(length // span, generator)
    return random_below(length - span + 1, generator)


_Pair = tuple[Tensor, Tensor, float, float, str | None]


def _real(sources: Sources, cut: Cut, item: Generator) -> _Pair:
    pair = draw_one(sources.pairs, item)
    patch = random_patch(pair.pixels, cut, item)
    return patch[:3], patch[3:], pair.lightness, float(not pair.has_color_cast), pair.name


def _darkened(sources: Sources, cut: Cut, item: Generator) -> _Pair:
    photo = draw_one(sources.photos, item)
    patch, place = cut_patch(photo.pixels, cut, item)
    classes = torch.full((1, 1, 1), NO_CLASS, dtype=torch.int64)
    crops = Crops(patch[None], torch.tensor([photo.lightness]), classes, (place,))
    view = dark_view(crops, sources.darkening, [item])
    return view.images[0], patch, float(view.lightness), 1.0, None


def _clean(sources: Sources, cut: Cut, item: Generator, own: str | None) -> _Patch:
    if sources.photos:
        photo = draw_one(sources.photos, item)
        return _Patch(random_patch(photo.pixels, cut, item), photo.lightness)
    others = [pair for pair in sources.pairs if pair.name != own] or list(sources.pairs)
    pair = draw_one(others, item)
    return _Patch(random_patch(pair.pixels[3:], cut, item), pair.middle)
