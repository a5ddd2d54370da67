"""The variants of each ablation, and the table of their results; torch-free."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lowlight_cli.catalog import Catalog

if TYPE_CHECKING:
    from lowlight_cli.training.config import Recipe


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of an ablation.

    Attributes:
        name: Of the row, and of its folder.
        says: What is different from the whole model.
        settings: Values by dotted name that make the difference.
    """

    name: str
    says: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


Variants = Catalog[Variant]


def _variants(*rows: Variant) -> Variants:
    return Catalog("row", {row.name: row for row in rows})


_CODEENHANCE = _variants(
    Variant("full", "nothing is left out"),
    Variant("full-seed-1", "the same with other chance: how far two equal rows lie apart", {"run.seed": 1}),
    Variant("no-semantics", "no semantic embedding (SEM)", {"model.embedding": "none"}),
    Variant("no-texture", "no texture feature transform (TFT)", {"model.texture_transform": False}),
    Variant("no-look", "no perceptual transform (CPT)", {"model.perceptual_transform": False}),
    Variant("no-shift", "codes of stage I as they are (no CS)", {"model.codebook": "plain"}),
    Variant(
        "no-reference",
        "never trained with a reference",
        {"referenced_share": 0.0, "model.reference_encoder": False},
    ),
    Variant("no-codebook", "the latent is decoded as it is", {"model.codebook": "unused"}),
    Variant(
        "baseline",
        "none of SEM, TFT, CPT and CS",
        {
            "model.embedding": "none",
            "model.texture_transform": False,
            "model.perceptual_transform": False,
            "model.codebook": "plain",
            "referenced_share": 0.0,
            "model.reference_encoder": False,
        },
    ),
    Variant("lambda-0", "no pull on the shift (lambda 0)", {"smallness_weight": 0.0}),
    Variant("lambda-0.001", "lambda 0.001", {"smallness_weight": 1e-3}),
    Variant("lambda-0.01", "lambda 0.01", {"smallness_weight": 1e-2}),
)
"""Tables IV to VI of the paper, each switch by itself against the whole; the whole has lambda 0.0001."""

ABLATIONS: Catalog[Variants] = Catalog("recipe to ablate", {"codeenhance": _CODEENHANCE})

WHOLE, AGAIN = "full", "full-seed-1"

READING = """A row says what leaving one thing out costs after so few steps, from the same start. It does
not say what it costs after a whole training: what learns slowly looks useless here. {noise}
The score knows no reference and no turned control, so it is blind to what those parts are for."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a variant.

    Attributes:
        name: Of the variant.
        says: What is different from the whole model.
        parameters: Of the network.
        trained: Of them, those that are trained.
        steps: Steps done.
        psnr: Mean over held-out pictures in dB.
        ssim: Likewise.
        index_accuracy: Share of positions that chose the code of the bright picture.
    """

    name: str
    says: str
    parameters: int
    trained: int
    steps: int
    psnr: float
    ssim: float
    index_accuracy: float


def table_lines(rows: Sequence[Row]) -> list[list[str]]:
    """Head and cells of the table; differences are against the whole model, where that row is there."""
    whole = next((row for row in rows if row.name == WHOLE), None)
    head = ["row", "different in", "parameters", "trained", "PSNR, dB", "difference", "SSIM", "right codes"]
    cells = [
        [
            row.name,
            row.says,
            f"{row.parameters:,}",
            f"{row.trained:,}",
            f"{row.psnr:.2f}",
            "" if whole is None or row is whole else f"{row.psnr - whole.psnr:+.2f}",
            f"{row.ssim:.4f}",
            f"{100 * row.index_accuracy:.1f} %",
        ]
        for row in rows
    ]
    return [head, *cells]


def markdown(rows: Sequence[Row], recipe: "Recipe", *, name: str) -> str:
    """The table as a page."""
    head, *cells = table_lines(rows)
    marks = ["---", "---", *["---:"] * (len(head) - 2)]
    lines = [f"| {' | '.join(row)} |" for row in (head, marks, *cells)]
    return "\n\n".join([f"# Ablation of {name}", terms(recipe), "\n".join(lines), reading(rows)]) + "\n"


def terms(recipe: "Recipe") -> str:
    """What all rows have in common."""
    run = recipe.run
    return (
        f"Each row: {run.steps:,} steps of {run.batch_size} crops of {run.crop} pixels, seed {run.seed} if "
        "nothing else is said. PSNR and SSIM of the averaged weights on held-out pairs, RGB."
    )


def reading(rows: Sequence[Row]) -> str:
    """What the table says and what it does not."""
    found = {row.name: row for row in rows}
    if WHOLE in found and AGAIN in found:
        apart = abs(found[WHOLE].psnr - found[AGAIN].psnr)
        noise = f"Two equal rows with other chance lie {apart:.2f} dB apart: so much says nothing."
    else:
        noise = "Without a second row with other chance nobody can say which differences are noise."
    return READING.format(noise=noise)


def as_document(rows: Sequence[Row], recipe: "Recipe", *, name: str) -> dict[str, Any]:
    """The table for programs."""
    run = recipe.run
    shared = {"steps": run.steps, "batch_size": run.batch_size, "crop": run.crop, "seed": run.seed}
    return {"recipe": name, **shared, "rows": [asdict(row) for row in rows], "reading": reading(rows)}


def document_text(document: dict[str, Any]) -> str:
    """A document as indented JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
