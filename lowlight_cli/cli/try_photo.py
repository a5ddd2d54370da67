"""``lle try``: one photo with several settings on one sheet, to choose some before a batch."""

import typer

from lowlight_cli import defaults
from lowlight_cli.cli import io_options as io
from lowlight_cli.cli import options
from lowlight_cli.cli import try_options as own
from lowlight_cli.cli.global_options import settings_of


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
    from lowlight_cli.cli.try_run import run
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
    raise typer.Exit(run(request, settings_of(context)))
