"""``lle bench``: how fast this machine enhances photos, what limits it, and which options help."""

from functools import partial
from typing import Annotated

import typer

from lowlight_cli import defaults
from lowlight_cli.cli import options
from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.pipeline.choices import Detail

_measurement = partial(typer.Option, rich_help_panel="Measurement")


def bench(
    context: typer.Context,
    photos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTO", help="Images, folders or quoted glob patterns; without any, photos are made."
        ),
    ] = None,
    synthetic: Annotated[
        list[str] | None,
        _measurement(
            metavar="N:WxH,...",
            help="Photos to make, by size in pixels.",
            show_default=defaults.BENCH_SETS,
        ),
    ] = None,
    repeats: Annotated[
        int, _measurement(min=1, metavar="N", help="Runs of each set of photos; the fastest counts.")
    ] = defaults.BENCH_REPEATS,
    limit_seconds: Annotated[
        float,
        _measurement(
            min=1, metavar="N", help="Time for all runs; if it is short, some of the photos are measured."
        ),
    ] = defaults.BENCH_SECONDS,
    try_options: Annotated[
        bool, _measurement("--try/--no-try", help="Try options that may be faster.")
    ] = True,
    model: options.ModelOption = defaults.MODEL,
    preset: options.PresetOption = None,
    checkpoint: options.CheckpointOption = None,
    device: options.DeviceOption = defaults.DEVICE,
    detail: options.DetailOption = Detail.FULL,
    precision: options.PrecisionOption = options.Precision.AUTO,
    batch_size: options.BatchSizeOption = None,
    tile: options.TileOption = None,
    workers: options.WorkersOption = None,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how fast this machine enhances photos, and what limits it.

    Enhances photos into a temporary folder, which is removed, and measures the model alone in the same
    passes. Reports the time of each stage, memory, what limits the speed, and which options are faster.
    Results go to the disk of temporary files; TMPDIR names another one.

    Exit codes: 0 success, 2 usage error, 3 some photos failed, 4 all photos failed, 6 weights missing or
    damaged, 7 device not available, 8 disk full, 130 and 143 stopped by a signal.

    \b
    Examples:
      lle bench
      lle bench ./night_photos --limit-seconds 120 --json
    """  # noqa: D301 - \b keeps the lines of the examples
    # Not needed for --help, which must be fast.
    from lowlight_cli.bench.request import BenchRequest, parse_sets
    from lowlight_cli.cli.bench_output import run
    from lowlight_cli.errors import UsageError
    from lowlight_cli.pipeline.settings import EnhanceSettings

    if photos and synthetic:
        raise UsageError("--synthetic is for a measurement without photos")
    # fmt: off
    request = BenchRequest(
        photos=tuple(photos or ()), synthetic=parse_sets(",".join(synthetic or [defaults.BENCH_SETS])),
        repeats=repeats, limit_s=limit_seconds, tries_options=try_options,
        settings=EnhanceSettings(
            model=model, preset=preset, checkpoint=checkpoint, device=device, detail=detail,
            precision=precision.value, batch_size=batch_size, tile=tile, workers=workers))
    # fmt: on
    raise typer.Exit(run(request, settings_of(context), as_json_=as_json_))
