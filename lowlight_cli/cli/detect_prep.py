"""``lle detect-prep``: a labelled data set, enhanced and ready for a detector."""

from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli import io_options as options_files
from lowlight_cli.cli import io_options as options_report
from lowlight_cli.cli import options
from lowlight_cli.cli.darkening import Method
from lowlight_cli.cli.detect_eval import ClassesOption, FromOption
from lowlight_cli.detection.choices import ExportForm, Link, SpaceChoice, Variant
from lowlight_cli.pipeline.choices import OnExist

SourceArgument = Annotated[
    Path, typer.Argument(metavar="SRC", help="Labelled data set: ExDark, VOC, YOLO or COCO.")
]
OutOption = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", help="Place of the result; the source is only read.")
]
ToOption = Annotated[ExportForm, typer.Option("--to", help="Form of the result.")]
VariantOption = Annotated[
    Variant,
    typer.Option(help="Enhanced pictures, originals, or both with the same names and labels, to compare."),
]
SplitOption = Annotated[
    str, typer.Option(metavar="keep|official|8:1:1", help="Parts for training, validation and tests.")
]
SeedOption = Annotated[int, typer.Option(min=0, help="For shares, previews, darkening and random models.")]
LinkOption = Annotated[Link, typer.Option(help="How originals get to their place.")]
PortableOption = Annotated[
    bool, typer.Option("--portable", help="Write 'path: .' into data.yaml; see docs/detection.md.")
]
BoxSpaceOption = Annotated[
    SpaceChoice,
    typer.Option(help="Whether boxes lie on rows as stored or on the upright picture, where EXIF turns it."),
]
InclusiveOption = Annotated[
    bool, typer.Option("--voc-inclusive", help="VOC boxes count pixels from 1 and include the last one.")
]
LabelsOnlyOption = Annotated[
    bool, typer.Option("--labels-only", help="Convert VOC or COCO labels alone, by the sizes they state.")
]
KeepUnlabelledOption = Annotated[
    bool, typer.Option("--keep-unlabelled", help="Take pictures without annotation as empty ones.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Pictures of each split at most, for a try.")]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Stop before any work if an annotation is broken.")
]
DarkenOption = Annotated[
    bool, typer.Option("--darken", help="Make low-light copies of a well-lit data set; nothing is enhanced.")
]
DarkenByOption = Annotated[
    Method,
    typer.Option(help="How: the measured model of cameras, or DRGN, with --checkpoint or what ships."),
]
DarkenStrengthOption = Annotated[
    str, typer.Option(metavar="LOW:HIGH", help="How dark: 0 not at all, 1 like real nights, 2 far darker.")
]


def detect_prep(
    context: typer.Context,
    source: SourceArgument,
    out: OutOption,
    source_form: FromOption = None,
    target_form: ToOption = ExportForm.YOLO,
    variant: VariantOption = Variant.ENHANCED,
    classes: ClassesOption = None,
    split: SplitOption = "keep",
    seed: SeedOption = 0,
    link: LinkOption = Link.COPY,
    portable: PortableOption = False,
    box_space: BoxSpaceOption = SpaceChoice.AUTO,
    voc_inclusive: InclusiveOption = False,
    labels_only: LabelsOnlyOption = False,
    keep_unlabelled: KeepUnlabelledOption = False,
    limit: LimitOption = None,
    strict: StrictOption = False,
    darken: DarkenOption = False,
    darken_by: DarkenByOption = Method.PHYSICAL,
    darken_strength: DarkenStrengthOption = "1",
    model: options.ModelOption = "codeenhance",
    preset: options.PresetOption = None,
    checkpoint: options.CheckpointOption = None,
    contrast: options.ContrastOption = 1.0,
    brightness: options.BrightnessOption = 1.0,
    texture: options.TextureOption = 1.0,
    strength: options.StrengthOption = 1.0,
    reference: options.ReferenceOption = None,
    on_exist: options_files.OnExistOption = OnExist.RESUME,
    quality: options_files.QualityOption = 95,
    device: options.DeviceOption = "auto",
    precision: options.PrecisionOption = options.Precision.AUTO,
    batch_size: options.BatchSizeOption = None,
    tile: options.TileOption = None,
    tile_overlap: options.TileOverlapOption = 64,
    workers: options.WorkersOption = None,
    lock_timeout: options_files.LockTimeoutOption = 0.0,
    min_free: options_files.MinFreeOption = 512 * 2**20,
    dry_run: options_report.DryRunOption = False,
) -> None:
    """Enhance a labelled data set and write it for a detector, every box where it belongs.

    Boxes are clipped to their pictures and follow them where EXIF turns them; empty and repeated ones are
    left out; all of it is counted. A picture without boxes keeps an empty label. Run it again to go on after
    an interruption. The path of data.yaml goes to stdout.

    Exit codes: 0 all done, 2 usage, 3 some annotations or pictures could not be used, 4 none could, 6 weights
    missing, 7 no such device, 8 output not writable or disk full, 11 another run writes there.

    Example:  lle detect-prep ./ExDark -o ./exdark-yolo --variant both
    """
    chosen = locals()  # each option by its name
    # Not needed for --help, which shall come at once.
    from lowlight_cli.cli.detect_prep_run import prepare_set

    raise typer.Exit(prepare_set(context, chosen))
