"""``lle try``: one photo with several settings on one sheet, to choose some before a batch."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lowlight_cli import defaults
from lowlight_cli.cli import io_options as io
from lowlight_cli.cli import options
from lowlight_cli.cli import try_options as own
from lowlight_cli.cli.global_options import GlobalSettings, settings_of
from lowlight_cli.cli.progress import draw_bar, progress_kind, say, shown
from lowlight_cli.cli.reporter import emit
from lowlight_cli.counted import counted
from lowlight_cli.pipeline.report import ALL_FAILED, SOME_FAILED
from lowlight_cli.preview.compare import PreviewObserver, Sheet, compare_settings
from lowlight_cli.preview.write import SHEET_END

if TYPE_CHECKING:
    from tqdm import tqdm

    from lowlight_cli.preview.request import PreviewRequest


def try_photo(
    context: typer.Context,
    photos: own.PhotosArgument,
    out: own.OutOption = None,
    model: own.ModelsOption = None,
    contrast: own.ContrastOption = None,
    brightness: own.BrightnessOption = None,
    texture: own.TextureOption = None,
    strength: own.StrengthOption = None,
    reference: own.ReferencesOption = None,
    temperature: own.TemperatureOption = None,
    preset: options.PresetOption = None,
    checkpoint: options.CheckpointOption = None,
    seed: options.SeedOption = defaults.SEED,
    size: own.SizeOption = defaults.PREVIEW_SIZE,
    crop: own.CropOption = None,
    crop_size: own.CropSizeOption = None,
    exact: own.ExactOption = False,
    force: own.ForceOption = False,
    max_pixels: io.MaxPixelsOption = defaults.MAX_PIXELS,
    allow_truncated: io.AllowTruncatedOption = False,
    device: options.DeviceOption = defaults.DEVICE,
    precision: options.PrecisionOption = options.Precision.AUTO,
) -> None:
    """Show a photo with several settings on one sheet.

    The sheet shows the original, then one image for each value, or for each pair of values of two options,
    and below each of them the same part at 100 %. Prints the path of the sheet on stdout, and the commands
    for a folder of photos on stderr. The photo is not changed.

    Exit codes: 0 success, 2 usage error, 3 some photos failed, 4 all photos failed, 6 weights missing or
    damaged, 7 device not available, 8 a sheet cannot be written.

    Examples:
      lle try night.jpg
      lle try night.jpg --contrast 0.8,1,1.2 --brightness 0.8,1,1.2 -o sheet.jpg
    """
    # Not needed for --help, which must be fast.
    from lowlight_cli.images.settings import ReadSettings
    from lowlight_cli.pipeline.settings import EnhanceSettings
    from lowlight_cli.preview.request import PreviewRequest

    # fmt: off
    request = PreviewRequest(
        photos=tuple(photos), out=out, force=force, models=own.parse_names(model),
        contrast=own.parse_numbers(contrast, defaults.CONTROL),
        brightness=own.parse_numbers(brightness, defaults.CONTROL),
        texture=own.parse_numbers(texture, defaults.CONTROL),
        strength=own.parse_numbers(strength, defaults.STRENGTH),
        temperature=own.parse_numbers(temperature, defaults.TEMPERATURE),
        references=tuple(reference or ()), size=size, crop=own.parse_place(crop), crop_size=crop_size,
        exact=exact,
        settings=EnhanceSettings(
            preset=preset, checkpoint=checkpoint, seed=seed, device=device, precision=precision.value,
            read=ReadSettings(max_pixels=max_pixels, allow_truncated=allow_truncated)))
    # fmt: on
    raise typer.Exit(_run(request, settings_of(context)))


class _Reporter(PreviewObserver):
    """Shows progress on stderr.

    Args:
        settings: Quiet mode and the kind of progress.
        photos: Number of photos.
    """

    def __init__(self, settings: GlobalSettings, photos: int) -> None:
        self._settings = settings
        self._photos = photos
        self._bar: tqdm[None] | None = None

    def start(self, total: int) -> None:
        """Draws the bar in a terminal; says elsewhere what is done."""
        kind = progress_kind(self._settings)
        if kind == "bar":
            self._bar = draw_bar(total)
        words = f"{counted(self._photos, 'photo')}, {counted(total, 'image')} to compute"
        say(words, quiet=kind != "lines")

    def cell(self) -> None:
        """Moves the bar."""
        if self._bar is not None:
            self._bar.update()

    def warning(self, text: str) -> None:
        """Prints a warning."""
        say(f"lle: warning: {text}", quiet=self._settings.quiet)

    def close(self) -> None:
        """Removes the bar."""
        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()


def _run(request: "PreviewRequest", settings: GlobalSettings) -> int:
    """Writes the sheets, prints their paths and what to type next; gives the exit code."""
    reporter, sheets = _Reporter(settings, len(set(request.photos))), list[Sheet]()
    if names := request.left_out():
        reporter.warning(f"left out, as they lack a control that was set: {', '.join(names)}")
    try:
        for sheet in compare_settings(request, reporter):
            sheets.append(sheet)
            if sheet.error is None:
                emit(sheet.sheet)
            else:
                say(
                    f"failed  {shown(sheet.photo)}  {sheet.error.code}: {shown(str(sheet.error))}", error=True
                )
    finally:
        reporter.close()
    written = [sheet for sheet in sheets if sheet.error is None]
    if written:
        say("For all photos of a folder, one of:", quiet=settings.quiet)
        for command in _commands(request, written):
            say(f"  {shown(command)}", quiet=settings.quiet)
    return 0 if len(written) == len(sheets) else SOME_FAILED if written else ALL_FAILED


def _commands(request: "PreviewRequest", sheets: list[Sheet]) -> list[str]:
    """The command of each cell for a folder, which leaves out the sheets that lie beside their photos."""
    lie_beside = any(_folder(sheet.sheet) == _folder(sheet.photo) for sheet in sheets)
    left_out = ("--exclude", f"*{Path(SHEET_END).stem}.*") if lie_beside else ()
    shared = request.shared_words()
    return [
        shlex.join(("lle", "enhance", "FOLDER", "-o", "OUT", *variant.words, *shared, *left_out))
        for variant in request.variants()
    ]


def _folder(path: Path) -> Path:
    return path.resolve().parent
