"""``lle enhance``: dark photos in, bright photos out."""

import os

import typer

from lowlight_cli import defaults
from lowlight_cli.cli import io_options as io
from lowlight_cli.cli import options
from lowlight_cli.images.choices import (
    BitDepth,
    FormatChoice,
    FramesPolicy,
    MetadataPolicy,
    ProfilePolicy,
    Subsampling,
)
from lowlight_cli.pipeline.choices import Detail, Engine, OnExist, RetryFailed
from lowlight_cli.reports.report_options import Style


def enhance(
    context: typer.Context,
    sources: io.InputsArgument = None,
    out: io.OutOption = None,
    model: options.ModelOption = defaults.MODEL,
    preset: options.PresetOption = None,
    checkpoint: options.CheckpointOption = None,
    contrast: options.ContrastOption = defaults.CONTROL,
    brightness: options.BrightnessOption = defaults.CONTROL,
    texture: options.TextureOption = defaults.CONTROL,
    strength: options.StrengthOption = defaults.STRENGTH,
    reference: options.ReferenceOption = None,
    deblur: options.DeblurOption = False,
    seed: options.SeedOption = defaults.SEED,
    save_degradation: options.SaveDegradationOption = False,
    temperature: options.TemperatureOption = defaults.TEMPERATURE,
    only_dark: io.OnlyDarkOption = None,
    files_from: io.FilesFromOption = None,
    null: io.NullOption = False,
    recursive: io.RecursiveOption = True,
    include: io.IncludeOption = None,
    exclude: io.ExcludeOption = None,
    hidden: io.HiddenOption = False,
    follow_symlinks: io.FollowSymlinksOption = False,
    max_pixels: io.MaxPixelsOption = defaults.MAX_PIXELS,
    allow_truncated: io.AllowTruncatedOption = False,
    frames: io.FramesOption = FramesPolicy.ALL,
    on_exist: io.OnExistOption = OnExist.RESUME,
    retry_failed: io.RetryFailedOption = RetryFailed.CHANGED,
    suffix: io.SuffixOption = "",
    name: io.NameOption = defaults.NAME_TEMPLATE,
    output_format: io.FormatOption = FormatChoice.KEEP,
    quality: io.QualityOption = defaults.QUALITY,
    subsampling: io.SubsamplingOption = Subsampling.KEEP,
    compression: io.CompressionOption = defaults.COMPRESSION,
    bit_depth: io.BitDepthOption = BitDepth.KEEP,
    metadata: io.MetadataOption = MetadataPolicy.KEEP,
    icc: io.ProfileOption = ProfilePolicy.KEEP,
    flatten: io.FlattenOption = None,
    preserve_mtime: io.PreserveMtimeOption = False,
    in_place: io.InPlaceOption = False,
    backup_dir: io.BackupDirOption = None,
    no_backup: io.NoBackupOption = False,
    yes: io.YesOption = False,
    device: options.DevicesOption = defaults.DEVICE,
    detail: options.DetailOption = Detail.FULL,
    precision: options.PrecisionOption = options.Precision.AUTO,
    batch_size: options.BatchSizeOption = None,
    tile: options.TileOption = None,
    tile_overlap: options.TileOverlapOption = defaults.TILE_OVERLAP,
    workers: options.WorkersOption = None,
    engine: options.EngineOption = Engine.INLINE,
    ray_address: options.RayAddressOption = None,
    ray_workers: options.RayWorkersOption = None,
    workers_per_gpu: options.WorkersPerGpuOption = 1,
    shard: io.ShardOption = None,
    fail_fast: io.FailFastOption = False,
    max_errors: io.MaxErrorsOption = None,
    fail_empty: io.FailEmptyOption = False,
    lock_timeout: io.LockTimeoutOption = defaults.LOCK_TIMEOUT_S,
    min_free: io.MinFreeOption = defaults.MIN_FREE,
    watch: io.WatchOption = False,
    settle: io.SettleOption = None,
    dry_run: io.DryRunOption = False,
    as_json: io.JsonOption = False,
    printed: io.PrintOption = io.Print.NONE,
    force_tty: io.ForceTtyOption = False,
    reports: io.ReportOption = None,
    compare: io.CompareOption = None,
    compare_style: io.CompareStyleOption = Style.SIDE,
    contact_sheet: io.ContactSheetOption = None,
) -> None:
    """Brighten photos taken in low light.

    Reads and writes JPEG, PNG, WebP, AVIF, GIF and TIFF in 8 or 16 bits and keeps their metadata; reads
    camera raw and HEIC with extras. Originals are changed only with --in-place. A file that cannot be read
    is reported, and the run continues. Run the same command again to resume after an interruption, or to redo
    what changed. A damaged file is reported once, and tried again when it changes.

    Exit codes: 0 success or nothing to do, 2 usage error, 3 some images failed or were left alone, 4 all
    images failed, 5 no images found (with --fail-empty), 6 weights missing or damaged, 7 device not
    available, 8 output not writable or disk full, 11 another run uses the output folder, 130 and 143 stopped
    by a signal.

    Example:  lle enhance ./night_photos -o ./out --contrast 1.2
    """
    # Not needed for --help, which must be fast.
    from lowlight_cli.cli.enhance_run import Presentation, run
    from lowlight_cli.cli.param_types import parse_color
    from lowlight_cli.images.settings import ReadSettings, WriteSettings
    from lowlight_cli.models.controls import Controls
    from lowlight_cli.pipeline.request import EnhanceRequest, InputOptions, OutputOptions, RayOptions
    from lowlight_cli.pipeline.settings import EnhanceSettings, StopSettings
    from lowlight_cli.pipeline.shard import parse_shard
    from lowlight_cli.reports.report_options import ReportOptions

    # fmt: off
    request = EnhanceRequest(
        input=InputOptions(
            sources=tuple(sources or ()), files_from=files_from, null=null, recursive=recursive,
            include=tuple(include or ()), exclude=tuple(exclude or ()), hidden=hidden,
            follow_symlinks=follow_symlinks, leave_out=(compare,) if compare else ()),
        output=OutputOptions(
            out=out, on_exist=on_exist, retry_failed=retry_failed, name=name, suffix=suffix,
            format=output_format, in_place=in_place, backup_dir=backup_dir, no_backup=no_backup,
            lock_timeout_s=lock_timeout, save_intermediate=save_degradation),
        settings=EnhanceSettings(
            model=model, preset=preset, checkpoint=checkpoint,
            strength=strength, reference=reference, deblur=deblur, seed=seed,
            controls=Controls(
                contrast=contrast, brightness=brightness, texture=texture, temperature=temperature),
            device=device, detail=detail, precision=precision.value, batch_size=batch_size, tile=tile,
            tile_overlap=tile_overlap, workers=workers, only_dark=only_dark,
            preserve_mtime=preserve_mtime,
            read=ReadSettings(max_pixels=max_pixels, allow_truncated=allow_truncated, frames=frames),
            write=WriteSettings(
                quality=quality, subsampling=subsampling, compression=compression, bit_depth=bit_depth,
                metadata=metadata, icc=icc, flatten=parse_color(flatten) if flatten else None),
            stop=StopSettings(fail_fast=fail_fast, max_errors=max_errors, min_free=min_free)),
        shard=parse_shard(shard, os.environ) if shard else None, engine=engine,
        ray=RayOptions(address=ray_address, workers=ray_workers, workers_per_gpu=workers_per_gpu))
    shown = Presentation(
        as_json=as_json, paths=printed.value, null=null, dry_run=dry_run, yes=yes,
        force_tty=force_tty, fail_empty=fail_empty, watch=watch, settle_s=settle,
        reports=ReportOptions(tuple(reports or ()), compare, compare_style, contact_sheet))
    # fmt: on
    raise typer.Exit(run(context, request, shown))
