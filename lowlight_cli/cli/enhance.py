"""``lle enhance``: dark photos in, bright photos out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lowlight_cli.cli import options
from lowlight_cli.cli.output import Voice, show_plan
from lowlight_cli.images.replace import check_writable_folder
from lowlight_cli.inference.plan import OnExist, Plan, plan_jobs
from lowlight_cli.inference.report import NOTHING_FOUND, Report, rows_without_work

if TYPE_CHECKING:
    from lowlight_cli.inference.settings import EnhanceSettings


def enhance(
    sources: Annotated[list[Path], typer.Argument(metavar="INPUT", help="Pictures, and folders of them.")],
    out: Annotated[str, typer.Option("--out", "-o", help="Folder, or file for a single picture.")],
    model: options.ModelOption = "codeenhance",
    preset: options.PresetOption = None,
    checkpoint: options.CheckpointOption = None,
    contrast: options.ContrastOption = 1.0,
    brightness: options.BrightnessOption = 1.0,
    texture: options.TextureOption = 1.0,
    strength: options.StrengthOption = 1.0,
    reference: options.ReferenceOption = None,
    recursive: options.RecursiveOption = True,
    on_exist: options.OnExistOption = OnExist.SKIP,
    output_format: options.FormatOption = options.FormatChoice.KEEP,
    quality: options.QualityOption = 95,
    device: options.DeviceOption = "auto",
    precision: options.PrecisionOption = options.Precision.AUTO,
    batch_size: options.BatchSizeOption = "auto",
    workers: options.WorkersOption = None,
    tile: options.TileOption = "auto",
    tile_overlap: options.TileOverlapOption = 64,
    dry_run: options.DryRunOption = False,
    as_json: options.JsonOption = False,
    quiet: options.QuietOption = False,
    fail_empty: options.FailEmptyOption = False,
) -> None:
    """Brighten photos taken in low light. The originals are never changed.

    JPEG, PNG, WebP and TIFF, 8 or 16 bits. A file that cannot be read is reported and the run goes on.

    Exit codes: 0 all done or nothing to do, 2 usage, 3 some pictures failed, 4 all failed, 5 no picture found
    (with --fail-empty), 6 weights missing or damaged, 7 no such device, 8 output not writable or disk full,
    130 and 143 stopped by a signal.

    Example:  lle enhance ./night_photos -o ./out --contrast 1.2
    """
    # Not needed for --help, which shall come at once.
    from lowlight_cli.inference.settings import EnhanceSettings
    from lowlight_cli.models.catalog import MODELS
    from lowlight_cli.models.controls import Controls

    settings = EnhanceSettings(
        model=model,
        preset=preset,
        checkpoint=checkpoint,
        controls=Controls(contrast=contrast, brightness=brightness, texture=texture),
        strength=strength,
        reference=reference,
        device=device,
        precision=precision.value,
        batch_size=options.parse_batch_size(batch_size),
        workers=workers or options.default_workers(),
        tile=options.parse_tile(tile),
        tile_overlap=tile_overlap,
        quality=quality,
    )
    _ = MODELS[model].presets[preset or MODELS[model].default_preset]  # unknown names end the run here
    name = options.format_name(output_format)
    plan = plan_jobs(sources, out, recursive=recursive, on_exist=on_exist, format_name=name)
    if dry_run:
        show_plan(plan, as_json=as_json)
        return
    voice = Voice(quiet=quiet, as_json=as_json)
    report = _carry_out(plan, settings, voice)
    code = NOTHING_FOUND if fail_empty and not report.rows else report.exit_code
    voice.end(report, code)
    raise typer.Exit(code)


def _carry_out(plan: Plan, settings: "EnhanceSettings", voice: Voice) -> Report:
    """Runs a plan; where nothing is to be made, no model is loaded.

    Args:
        plan: What to make.
        settings: How.
        voice: Is told what happens.
    """
    todo = sum(not job.skip for job in plan.jobs)
    if not todo:
        voice.start(len(plan.jobs), {"model": settings.model})
        rows = rows_without_work(plan)
        for row in rows:
            voice.item(row)
        return Report(rows, 0.0, len(plan.ignored))
    check_writable_folder(plan.folder)

    # Importing torch takes seconds: only after the arguments are known to be good.
    from lowlight_cli.inference.engine import run_plan
    from lowlight_cli.inference.setup import describe, prepare_forward, prepare_pace

    forward = prepare_forward(settings)
    voice.start(len(plan.jobs), describe(settings, forward))
    with voice.progress(todo):
        return run_plan(plan, forward, prepare_pace(settings, forward.device), on_row=voice.item)
