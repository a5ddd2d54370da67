"""``lle detect-prep``: enhance a labeled dataset and write it for a detector."""

from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli import defaults
from lowlight_cli.cli import io_options as io
from lowlight_cli.cli import options
from lowlight_cli.cli.detect_eval import ClassesOption, FromOption
from lowlight_cli.cli.global_options import settings_of
from lowlight_cli.detection.choices import ExportFormat, Link, SpaceChoice, Variant, parse_strength
from lowlight_cli.pipeline.choices import DarkeningMethod, OnExist

SourceArgument = Annotated[
    Path, typer.Argument(metavar="SRC", help="Labeled dataset: ExDark, VOC, YOLO or COCO.")
]
OutOption = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", help="Output folder; the source is only read.")
]
ToOption = Annotated[ExportFormat, typer.Option("--to", help="Format to write.")]
VariantOption = Annotated[
    Variant,
    typer.Option(help="Write enhanced images, originals, or both with the same names and labels."),
]
SplitOption = Annotated[
    str, typer.Option(metavar="keep|official|8:1:1", help="Split into train, val and test.")
]
SeedOption = Annotated[
    int, typer.Option(min=0, help="Random seed of the split, of darkening and of random models.")
]
LinkOption = Annotated[Link, typer.Option(help="How originals are placed in the output folder.")]
PortableOption = Annotated[
    bool, typer.Option("--portable", help="Write 'path: .' into data.yaml; see docs/detection.md.")
]
BoxSpaceOption = Annotated[
    SpaceChoice,
    typer.Option(help="Whether boxes refer to pixels as stored or to the upright image, if EXIF rotates it."),
]
InclusiveOption = Annotated[
    bool, typer.Option("--voc-inclusive", help="VOC boxes count pixels from 1 and include the last one.")
]
LabelsOnlyOption = Annotated[
    bool, typer.Option("--labels-only", help="Convert VOC or COCO labels without images, by stated sizes.")
]
KeepUnlabelledOption = Annotated[
    bool, typer.Option("--keep-unlabelled", help="Include images without annotation, as empty ones.")
]
LimitOption = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Most images of each split, for a quick test.")
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Stop before any work if an annotation is invalid.")
]
DarkenOption = Annotated[
    bool, typer.Option("--darken", help="Make low-light copies of a well-lit dataset instead of enhancing.")
]
DarkenByOption = Annotated[
    DarkeningMethod,
    typer.Option(help="Darken by the measured camera model, or by DRGN (with --checkpoint, or its weights)."),
]
DarkenStrengthOption = Annotated[
    str, typer.Option(metavar="LOW:HIGH", help="How dark: 0 unchanged, 1 like real nights, 2 much darker.")
]


def detect_prep(
    context: typer.Context,
    source: SourceArgument,
    out: OutOption,
    source_format: FromOption = None,
    target_format: ToOption = ExportFormat.YOLO,
    variant: VariantOption = Variant.ENHANCED,
    classes: ClassesOption = None,
    split: SplitOption = "keep",
    seed: SeedOption = defaults.SEED,
    link: LinkOption = Link.COPY,
    portable: PortableOption = False,
    box_space: BoxSpaceOption = SpaceChoice.AUTO,
    voc_inclusive: InclusiveOption = False,
    labels_only: LabelsOnlyOption = False,
    keep_unlabelled: KeepUnlabelledOption = False,
    limit: LimitOption = None,
    strict: StrictOption = False,
    darken: DarkenOption = False,
    darken_by: DarkenByOption = DarkeningMethod.PHYSICAL,
    darken_strength: DarkenStrengthOption = "1",
    model: options.ModelOption = defaults.MODEL,
    preset: options.PresetOption = None,
    checkpoint: options.CheckpointOption = None,
    contrast: options.ContrastOption = defaults.CONTROL,
    brightness: options.BrightnessOption = defaults.CONTROL,
    texture: options.TextureOption = defaults.CONTROL,
    strength: options.StrengthOption = defaults.STRENGTH,
    reference: options.ReferenceOption = None,
    on_exist: io.OnExistOption = OnExist.RESUME,
    quality: io.QualityOption = defaults.QUALITY,
    device: options.DevicesOption = defaults.DEVICE,
    precision: options.PrecisionOption = options.Precision.AUTO,
    batch_size: options.BatchSizeOption = None,
    tile: options.TileOption = None,
    tile_overlap: options.TileOverlapOption = defaults.TILE_OVERLAP,
    workers: options.WorkersOption = None,
    lock_timeout: io.LockTimeoutOption = defaults.LOCK_TIMEOUT_S,
    min_free: io.MinFreeOption = defaults.MIN_FREE,
    dry_run: io.DryRunOption = False,
) -> None:
    """Prepare a detection dataset: enhance images, convert labels.

    Boxes are clipped to their images and rotated with them if EXIF says so; empty and duplicate boxes are
    removed, and all changes are counted. An image without objects gets an empty label. Run the same command
    again to resume after an interruption. Prints the path of data.yaml.

    Exit codes: 0 success, 2 usage error, 3 some annotations or images could not be used, 4 none could, 6
    weights missing or damaged, 7 device not available, 8 output not writable or disk full, 11 another run
    uses the output folder.

    Example:  lle detect-prep ./ExDark -o ./exdark-yolo --variant both
    """
    # Not needed for --help, which must be fast.
    from lowlight_cli.cli.detect_prep_output import run
    from lowlight_cli.detection.request import PrepareRequest
    from lowlight_cli.images.choices import FramesPolicy
    from lowlight_cli.images.settings import ReadSettings, WriteSettings
    from lowlight_cli.models.controls import Controls
    from lowlight_cli.pipeline.request import EnhanceRequest, OutputOptions
    from lowlight_cli.pipeline.settings import EnhanceSettings, StopSettings

    # fmt: off
    request = PrepareRequest(
        source=source, out=out, source_format=source_format, target_format=target_format, variant=variant,
        classes=classes, split=split, link=link, portable=portable, box_space=box_space,
        voc_inclusive=voc_inclusive, labels_only=labels_only, keep_unlabelled=keep_unlabelled, limit=limit,
        strict=strict, darken=darken, darken_by=darken_by, darken_strength=parse_strength(darken_strength),
        enhance=EnhanceRequest(
            output=OutputOptions(on_exist=on_exist, lock_timeout_s=lock_timeout),
            settings=EnhanceSettings(
                model=model, preset=preset, checkpoint=checkpoint,
                strength=strength, reference=reference, seed=seed,
                controls=Controls(contrast=contrast, brightness=brightness, texture=texture),
                device=device, precision=precision.value, batch_size=batch_size, tile=tile,
                tile_overlap=tile_overlap, workers=workers,
                read=ReadSettings(frames=FramesPolicy.FIRST), write=WriteSettings(quality=quality),
                stop=StopSettings(min_free=min_free))))
    # fmt: on
    raise typer.Exit(run(request, settings_of(context), dry_run=dry_run))
