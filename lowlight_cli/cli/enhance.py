"""``lle enhance``: dark photos in, bright photos out."""

import typer

from lowlight_cli.cli import io_options as options_files
from lowlight_cli.cli import io_options as options_report
from lowlight_cli.cli import options
from lowlight_cli.cli.io_options import FormatChoice
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.reports.report_options import Style


def enhance(
    context: typer.Context,
    sources: options_files.InputsArgument = None,
    out: options_files.OutOption = None,
    model: options.ModelOption = "codeenhance",
    preset: options.PresetOption = None,
    checkpoint: options.CheckpointOption = None,
    contrast: options.ContrastOption = 1.0,
    brightness: options.BrightnessOption = 1.0,
    texture: options.TextureOption = 1.0,
    strength: options.StrengthOption = 1.0,
    reference: options.ReferenceOption = None,
    seed: options.SeedOption = 0,
    save_degradation: options.SaveDegradationOption = False,
    temperature: options.TemperatureOption = 0.0,
    only_dark: options_files.OnlyDarkOption = None,
    files_from: options_files.FilesFromOption = None,
    null: options_files.NullOption = False,
    recursive: options_files.RecursiveOption = True,
    include: options_files.IncludeOption = None,
    exclude: options_files.ExcludeOption = None,
    hidden: options_files.HiddenOption = False,
    follow_symlinks: options_files.FollowSymlinksOption = False,
    max_pixels: options_files.MaxPixelsOption = 400_000_000,
    allow_truncated: options_files.AllowTruncatedOption = False,
    frames: options_files.FramesOption = options_files.FramesPolicy.ALL,
    on_exist: options_files.OnExistOption = OnExist.RESUME,
    suffix: options_files.SuffixOption = "",
    name: options_files.NameOption = "{stem}{suffix}{ext}",
    output_format: options_files.FormatOption = FormatChoice.KEEP,
    quality: options_files.QualityOption = 95,
    subsampling: options_files.SubsamplingOption = options_files.Subsampling.KEEP,
    compression: options_files.CompressionOption = 6,
    bit_depth: options_files.BitDepthOption = options_files.BitDepth.KEEP,
    metadata: options_files.MetadataOption = options_files.MetadataPolicy.KEEP,
    icc: options_files.ProfileOption = options_files.ProfilePolicy.KEEP,
    flatten: options_files.FlattenOption = None,
    preserve_mtime: options_files.PreserveMtimeOption = False,
    in_place: options_files.InPlaceOption = False,
    backup_dir: options_files.BackupDirOption = None,
    no_backup: options_files.NoBackupOption = False,
    yes: options_files.YesOption = False,
    device: options.DeviceOption = "auto",
    precision: options.PrecisionOption = options.Precision.AUTO,
    batch_size: options.BatchSizeOption = None,
    tile: options.TileOption = None,
    tile_overlap: options.TileOverlapOption = 64,
    workers: options.WorkersOption = None,
    fail_fast: options_report.FailFastOption = False,
    max_errors: options_report.MaxErrorsOption = None,
    fail_empty: options_report.FailEmptyOption = False,
    lock_timeout: options_files.LockTimeoutOption = 0.0,
    min_free: options_files.MinFreeOption = 512 * 2**20,
    dry_run: options_report.DryRunOption = False,
    as_json: options_report.JsonOption = False,
    printed: options_report.PrintOption = options_report.Print.NONE,
    force_tty: options_report.ForceTtyOption = False,
    reports: options_report.ReportOption = None,
    compare: options_report.CompareOption = None,
    compare_style: options_report.CompareStyleOption = Style.SIDE,
    contact_sheet: options_report.ContactSheetOption = None,
) -> None:
    """Brighten photos taken in low light. The originals are never changed.

    JPEG, PNG, WebP, AVIF, GIF and TIFF, 8 or 16 bits, with their metadata; camera raw and HEIC with extras.
    A file that cannot be read is reported, and the run goes on. Run the same command again to go on after an
    interruption, to try again what failed, or to make again what changed.

    Exit codes: 0 all done or nothing to do, 2 usage, 3 some pictures failed or were left alone, 4 all failed,
    5 no picture found (with --fail-empty), 6 weights missing or damaged, 7 no such device, 8 output not
    writable or disk full, 11 another run writes there, 130 and 143 stopped by a signal.

    Example:  lle enhance ./night_photos -o ./out --contrast 1.2
    """
    chosen = locals()  # each option by its name
    # Not needed for --help, which shall come at once.
    from lowlight_cli.cli.perform import perform

    raise typer.Exit(perform(context, chosen))
