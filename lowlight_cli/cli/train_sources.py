"""Options of ``lle train`` about what a recipe learns from."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lowlight_cli.cli.train_options import DATA, LENGTH

PairsOption = Annotated[
    list[Path] | None,
    typer.Option(
        help="Folder with `low` and `high`, and its share of the draws; may be given again.",
        rich_help_panel=DATA,
        metavar="DIR[=SHARE]",
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option(help="Class maps: LABELS/<photo relative to --label-root>.png.", rich_help_panel=DATA),
]
LabelRootOption = Annotated[
    Path | None, typer.Option(help="Folder that the class maps' names start from.", rich_help_panel=DATA)
]
VqganOption = Annotated[
    Path | None, typer.Option(help="Weights of stage I; those that ship if not given.", rich_help_panel=DATA)
]
SemanticOption = Annotated[
    Path | None,
    typer.Option(help="Weights of the semantic network; those that ship if not given.", rich_help_panel=DATA),
]
DegradationOption = Annotated[
    Path | None, typer.Option(help="Weights of the first stage, of the same size.", rich_help_panel=DATA)
]


StageOption = Annotated[
    int, typer.Option(min=1, max=3, help="1 codebook, 2 flow, 3 fusing decoder.", rich_help_panel=DATA)
]
StartOption = Annotated[
    Path | None, typer.Option(help="Weights of the same model to start from.", rich_help_panel=DATA)
]


class Phase(StrEnum):
    """Phases of VQCNIR."""

    HQ = "hq"
    LQ = "lq"


PhaseOption = Annotated[
    Phase, typer.Option(help="hq: codebook of clear pictures; lq: restoration.", rich_help_panel=DATA)
]


class Size(StrEnum):
    """Networks of DRGN."""

    DRGN = "drgn"
    LIGHT = "lw-drgn"


SizeOption = Annotated[
    Size | None,
    typer.Option(help="Network to train.", rich_help_panel=LENGTH, show_default="lw-drgn; drgn for paper"),
]
