"""``lle eval``: scores and compares models, classic methods and existing results."""

import typer

from lowlight_cli import defaults as shared
from lowlight_cli.cli import evaluate_options as own
from lowlight_cli.cli import options
from lowlight_cli.cli.datasets import DataRootOption, SplitOption
from lowlight_cli.evaluation import defaults


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
    contrast: options.ContrastOption = shared.CONTROL,
    brightness: options.BrightnessOption = shared.CONTROL,
    texture: options.TextureOption = shared.CONTROL,
    strength: options.StrengthOption = shared.STRENGTH,
    reference: options.ReferenceOption = None,
    temperature: options.TemperatureOption = shared.TEMPERATURE,
    metrics: own.MetricsOption = None,
    protocol: own.ProtocolOption = defaults.PROTOCOL,
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
    device: options.DeviceOption = shared.DEVICE,
    precision: options.PrecisionOption = own.DEFAULT_PRECISION,
    batch_size: options.BatchSizeOption = None,
    tile: options.TileOption = None,
    tile_overlap: options.TileOverlapOption = shared.TILE_OVERLAP,
) -> None:
    """Score models, or results made elsewhere, on a dataset or on folders.

    Images are paired by name and never resized. An image that is missing, has another size, cannot be read or
    fails in a method is listed, and the mean is marked as incomplete. Without references, metrics that need
    them are left out, and the dark images are scored beside the results unless -m or --pred is given. LPIPS
    needs a network of 233 MB; --download fetches it. A metric whose files are missing is left out with a
    warning.

    Limits, .summary in JSON and the worst and best images are about the first method of the table that is not
    a classic one; those of -m come before those of --pred.

    Exit codes: 0 all images scored, 2 usage error, 3 some images could not be scored, 4 none could, 6
    dataset, weights or metric files missing, 7 device not available, 8 a report cannot be written, 10 a
    limit of --fail-under or --fail-over is passed.

    Examples:
      lle eval --dataset LOL --data-root ~/data -m codeenhance -m gamma -m input
      lle eval --pred ./results --gt ./references --report scores.md
    """
    # Not needed for --help, which must be fast.
    from lowlight_cli.cli.evaluate_run import Presentation, run
    from lowlight_cli.evaluation.request import EvalRequest
    from lowlight_cli.models.controls import Controls
    from lowlight_cli.pipeline.settings import EnhanceSettings

    # fmt: off
    shown = Presentation(
        form=own.Form.JSON if as_json else form, reports=tuple(report or ()), per_image=per_image,
        baseline=baseline, published=published, fail_under=tuple(fail_under or ()),
        fail_over=tuple(fail_over or ()))
    request = EvalRequest(
        dataset=dataset, split=split, data_root=data_root, low=low, gt=gt, pair_by=pair_by.value, limit=limit,
        methods=tuple(model or ()), pred=tuple(pred or ()),
        settings=EnhanceSettings(
            preset=preset, checkpoint=checkpoint, strength=strength, reference=reference,
            controls=Controls(
                contrast=contrast, brightness=brightness, texture=texture, temperature=temperature),
            device=device, precision=precision.value, batch_size=batch_size, tile=tile,
            tile_overlap=tile_overlap),
        metrics=tuple(metrics or defaults.METRICS), protocol=protocol, gt_mean=gt_mean,
        metrics_dir=metrics_dir, download=download, save_pred=save_pred, thumbnails=shown.wants_page)
    # fmt: on
    raise typer.Exit(run(context, request, shown))
