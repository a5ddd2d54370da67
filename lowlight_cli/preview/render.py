"""Computes the cells of a sheet: a preview of the whole photo, and a part of it at full size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from lowlight_cli.errors import ImageError
from lowlight_cli.images.choices import FramesPolicy
from lowlight_cli.images.decode import decode
from lowlight_cli.images.padding import padded_side
from lowlight_cli.images.picture import Frame, Pixels
from lowlight_cli.images.tiling import Tile
from lowlight_cli.pipeline.frames import image_error_of
from lowlight_cli.pipeline.model_runner import ModelRunner
from lowlight_cli.pipeline.model_setup import make_params, make_runner
from lowlight_cli.pipeline.settings import EnhanceSettings
from lowlight_cli.preview.crop import choose_region, region_around
from lowlight_cli.preview.request import PreviewRequest
from lowlight_cli.reports.display_image import DisplayPixels, display_image_of
from lowlight_cli.reports.thumbnails import Region

WORKING_PIXELS = 2**20
"""Larger photos are previewed from a copy of this size, unless the request is exact."""

MARGIN = 128
"""Pixels around a crop that are enhanced as well, so that its edges are as in the whole photo."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One image on a sheet.

    Attributes:
        words: Options that differ between cells, as typed; empty for the original.
        preview: The whole photo.
        crop: The crop at full size; None without one.
        brightness: Mean luma of the photo in [0, 1].
    """

    words: tuple[str, ...]
    preview: DisplayPixels
    crop: DisplayPixels | None
    brightness: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One photo with several settings.

    Attributes:
        photo: Its file.
        width: Columns of the upright photo.
        height: Rows of the upright photo.
        region: The crop; None without one.
        original: The photo as it is.
        cells: One for each variant.
    """

    photo: Path
    width: int
    height: int
    region: Region | None
    original: Cell
    cells: tuple[Cell, ...]


class Renderer:
    """Renders photos with all variants; each model is loaded once.

    Args:
        request: What to show.
        on_cell: Called after each variant of a photo.
        on_warning: Called with each deviation from the settings.
    """

    def __init__(
        self,
        request: PreviewRequest,
        *,
        on_cell: Callable[[], None] = lambda: None,
        on_warning: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._request = request
        self._variants = request.variants()
        self._on_cell = on_cell
        self._on_warning = on_warning
        self._loaded: dict[str, ModelRunner] = {}

    def __call__(self, photo: Path) -> Compared:
        """The photo with each variant.

        Args:
            photo: Its file; of several frames, the first is shown.

        Raises:
            ImageError: It cannot be read or enhanced.
            LowlightError: A model cannot be loaded.
        """
        request = self._request
        frame = decode(photo, request.settings.read.model_copy(update={"frames": FramesPolicy.FIRST})).frames[
            0
        ]
        height, width = frame.pixels.shape[:2]
        region = self._region(frame)
        small = frame if request.exact else _shrunk(frame, WORKING_PIXELS)
        original = _cell((), small, None if region is None else _part(frame, region), request.size)
        cells = tuple(self._cells(frame, small, region))
        return Compared(photo, width, height, region, original, cells)

    def _region(self, frame: Frame) -> Region | None:
        request, (height, width) = self._request, frame.pixels.shape[:2]
        side = request.crop_side
        if request.crop is None and max(height, width) <= min(side, request.size):
            return None  # the preview shows each pixel already
        if not side:
            return None
        if request.crop is None:
            return choose_region(display_image_of(frame.pixels, frame.alpha).luma, side)
        return region_around(*request.crop, width=width, height=height, side=side)

    def _cells(self, frame: Frame, small: Frame, region: Region | None) -> Iterator[Cell]:
        for variant in self._variants:
            runner = self._runner(variant.settings)
            whole = _enhanced(small, runner)
            crop = None
            if region is not None:
                crop = _part(whole, region) if small is frame else _enhanced_part(frame, region, runner)
            yield _cell(variant.words, whole, crop, self._request.size)
            self._on_cell()

    def _runner(self, settings: EnhanceSettings) -> ModelRunner:
        loaded = self._loaded.get(settings.model)
        if loaded is None:
            loaded = self._loaded[settings.model] = make_runner(settings, on_warning=self._on_warning)
        return loaded.with_params(make_params(settings, loaded.enhancer))


def _enhanced(frame: Frame, runner: ModelRunner) -> Frame:
    """The frame, enhanced.

    Raises:
        ImageError: It cannot be enhanced.
    """
    try:
        outcome = runner([frame.model_input])[0]
    except Exception as error:
        raise image_error_of(error, runner.device) from error
    return _with_result(frame, outcome)


def _enhanced_part(frame: Frame, region: Region, runner: ModelRunner) -> Frame:
    """A region of the frame as it is in the result of the whole frame.

    Raises:
        ImageError: It cannot be enhanced.
    """
    pixels, multiple, border = frame.model_input, runner.enhancer.size_multiple, runner.enhancer.frame
    first_row, first_column = region.top + border, region.left + border
    top, height = _span(first_row, region.height, padded_side(pixels.shape[0], multiple, border), multiple)
    left, width = _span(first_column, region.width, padded_side(pixels.shape[1], multiple, border), multiple)
    try:
        outcome = runner.enhance_part(pixels, Tile(top, left, height, width))
    except Exception as error:
        raise image_error_of(error, runner.device) from error
    if isinstance(outcome, ImageError):
        raise outcome
    rows = slice(first_row - top, first_row - top + region.height)
    columns = slice(first_column - left, first_column - left + region.width)
    return _with_result(_part(frame, region), outcome[rows, columns])


def _span(start: int, length: int, size: int, multiple: int) -> tuple[int, int]:
    """First pixel and length of an axis of a tile around a region, in multiples, inside the padded image."""
    first = max(0, start - MARGIN) // multiple * multiple
    end = min(size, padded_side(start + length + MARGIN, multiple))
    return first, end - first


def _with_result(frame: Frame, outcome: Pixels | ImageError) -> Frame:
    """The frame with enhanced pixels; gray stays gray, as in an output.

    Raises:
        ImageError: The image could not be enhanced.
    """
    if isinstance(outcome, ImageError):
        raise outcome
    if frame.gray:
        outcome = cv2.cvtColor(cv2.cvtColor(outcome, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return frame.with_pixels(outcome)


def _part(frame: Frame, region: Region) -> Frame:
    rows = slice(region.top, region.top + region.height)
    columns = slice(region.left, region.left + region.width)
    alpha = None if frame.alpha is None else frame.alpha[rows, columns]
    return replace(frame, pixels=frame.pixels[rows, columns], alpha=alpha, out_of_gamut=None)


def _shrunk(frame: Frame, most: int) -> Frame:
    """The frame, averaged down to about ``most`` pixels if it is larger."""
    height, width = frame.pixels.shape[:2]
    scale = (most / (height * width)) ** 0.5
    if scale >= 1:
        return frame
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = cv2.resize(frame.model_input, size, interpolation=cv2.INTER_AREA)
    alpha = None if frame.alpha is None else cv2.resize(frame.alpha, size, interpolation=cv2.INTER_AREA)
    return replace(frame, pixels=pixels, alpha=alpha, out_of_gamut=None)


def _cell(words: tuple[str, ...], whole: Frame, crop: Frame | None, size: int) -> Cell:
    image = display_image_of(whole.pixels, whole.alpha)
    scale = min(1.0, size / max(image.luma.shape))
    height, width = (max(1, round(side * scale)) for side in image.luma.shape)
    return Cell(
        words,
        cv2.resize(image.pixels, (width, height), interpolation=cv2.INTER_AREA),
        None if crop is None else display_image_of(crop.pixels, crop.alpha).pixels,
        float(np.mean(image.visible_luma) / 255),
    )
