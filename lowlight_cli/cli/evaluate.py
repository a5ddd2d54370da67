"""``lle eval``: how good results are, in numbers that can be trusted, compared and cited."""

import typer

from lowlight_cli.cli import evaluate_options as own
from lowlight_cli.cli import options
from lowlight_cli.cli.datasets import DataRootOption, SplitOption
from lowlight_cli.cli.evaluate_output import Output, finish
from lowlight_cli.cli.evaluate_request import (
    check_contestants,
    check_controls,
    check_effects,
    check_metrics,
    check_results_folder,
    column_names,
    contestants_from,
    metric_names,
    subject_from,
)
from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.evaluation.thresholds import OVER, UNDER, parse_gates


def evaluate(
    context: typer.Context,
    dataset: own.DatasetOption = None,
    split: SplitOption = None,
    data_root: DataRootOption = None,
    low: own.LowOption = None,
    gt: own.GtOption = None,
    pred: own.PredOption = None,
    model: own.MethodOption = None,
    preset: options.PresetOption = None,
    checkpoint: options.CheckpointOption = None,
    contrast: options.ContrastOption = 1.0,
    brightness: options.BrightnessOption = 1.0,
    texture: options.TextureOption = 1.0,
    strength: options.StrengthOption = 1.0,
    reference: options.ReferenceOption = None,
    temperature: options.TemperatureOption = 0.0,
    metrics: own.MetricsOption = own.DEFAULT_METRICS,
    protocol: own.ProtocolOption = "lle",
    gt_mean: own.GtMeanOption = False,
    metrics_dir: own.MetricsDirOption = None,
    download: own.DownloadOption = False,
    pair_by: own.PairByOption = own.PairByChoice.STEM,
    limit: own.LimitOption = None,
    save_pred: own.SavePredOption = None,
    form: own.FormOption = own.Form.TABLE,
    as_json: own.JsonOption = False,
    report: own.ReportOption = None,
    per_image: own.PerImageOption = False,
    fail_under: own.FailUnderOption = None,
    fail_over: own.FailOverOption = None,
    baseline: own.BaselineOption = None,
    published: own.PublishedOption = False,
    device: options.DeviceOption = "auto",
    precision: options.PrecisionOption = options.Precision.FP32,
    batch_size: options.BatchSizeOption = None,
    tile: options.TileOption = None,
    tile_overlap: options.TileOverlapOption = 64,
) -> None:
    """Score models, or results made elsewhere, on a data set or on folders.

    Pictures are paired by name and never resized. A picture that is missing, has another size or cannot be
    read is named, and the mean is marked as incomplete. Without references, metrics that need them are left
    out. A metric whose files are missing is named and left out; nothing is
    fetched without --download.

    Exit codes: 0 all scored, 2 usage, 3 some pictures could not be scored, 4 none could, 6 the data set,
    weights or metric files are missing, 7 no such device, 8 a report cannot be written, 10 a limit of
    --fail-under or --fail-over is passed.

    Examples:
      lle eval --dataset LOL --data-root ~/data -m codeenhance -m gamma -m input

      lle eval --pred ./results --gt ./references --report scores.md
    """
    form = own.Form.JSON if as_json else form
    globally = settings_of(context)
    output = Output(form, tuple(report or ()), per_image, baseline, published, globally)
    subject = subject_from(dataset, split, data_root, (low, gt), pair_by.value)
    methods = contestants_from(model or [], pred or [], preset, checkpoint)
    check_contestants(subject, methods)
    check_effects(methods, save_pred, _changed(context))
    check_results_folder(save_pred, subject, methods)
    names = metric_names(metrics)
    check_metrics(names, protocol, subject)
    columns = column_names(names, paired=subject.references is not None, gt_mean=gt_mean)
    thresholds = parse_gates(fail_under or [], UNDER, columns) + parse_gates(fail_over or [], OVER, columns)

    # Not needed for --help, which shall come at once; torch takes seconds.
    from lowlight_cli.cli.evaluate_methods import EvalRequest
    from lowlight_cli.cli.evaluate_run import evaluation_of, gallery_for
    from lowlight_cli.device import choose_device
    from lowlight_cli.evaluation.score import Scorer
    from lowlight_cli.models.controls import Controls
    from lowlight_cli.pipeline.settings import EnhanceSettings

    settings = EnhanceSettings(
        controls=Controls(contrast=contrast, brightness=brightness, texture=texture, temperature=temperature),
        strength=strength,
        reference=reference,
        device=device,
        precision=precision.value,
        batch_size=batch_size,
        tile=tile,
        tile_overlap=tile_overlap,
    )
    check_controls(methods, settings.controls)
    where = choose_device(device)
    scorer = Scorer(
        names, protocol, device=where, metrics_dir=metrics_dir, grey_mean=gt_mean, download=download
    )
    extremes = gallery_for(scorer, subject) if output.wants_page else None
    request = EvalRequest(subject, scorer, settings, limit, save_pred, len(methods) > 1, extremes)
    evaluation = evaluation_of(methods, request, globally)
    finish(evaluation, output, thresholds, extremes.thumbnails() if extremes else {})


def _changed(context: typer.Context) -> list[str]:
    """Options about the look of a model's results that differ from their defaults."""
    look = ("contrast", "brightness", "texture", "strength", "reference", "temperature")
    return [
        f"--{option.name}"
        for option in context.command.params
        if option.name in look and context.params[option.name] != option.default
    ]
