"""The variants of each ablation, and the table of their results; torch-free."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lowlight_cli.catalog import Catalog
from lowlight_cli.counted import counted

if TYPE_CHECKING:
    from lowlight_cli.training.config import Recipe


@dataclass(frozen=True, slots=True)
class Variant:
    """One row of an ablation.

    Attributes:
        name: Name of the row and of its folder.
        summary: How it differs from the whole model.
        settings: Settings of this row by dotted name.
    """

    name: str
    summary: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


Variants = Catalog[Variant]


def _variants(*rows: Variant) -> Variants:
    return Catalog("row", {row.name: row for row in rows})


_CODEENHANCE = _variants(
    Variant("full", "whole model"),
    Variant("full-seed-1", "whole model with another seed", {"run.seed": 1}),
    Variant("no-semantics", "no semantic embedding (SEM)", {"model.embedding": "none"}),
    Variant("no-texture", "no texture feature transform (TFT)", {"model.texture_transform": False}),
    Variant("no-look", "no perceptual transform (CPT)", {"model.perceptual_transform": False}),
    Variant("no-shift", "codes of stage I unchanged (no CS)", {"model.codebook": "plain"}),
    Variant(
        "no-reference",
        "no reference image in training",
        {"referenced_share": 0.0, "model.reference_encoder": False},
    ),
    Variant("no-codebook", "latent decoded without codes", {"model.codebook": "unused"}),
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
    Variant("lambda-0", "no weight on the size of the shift (lambda 0)", {"smallness_weight": 0.0}),
    Variant("lambda-0.001", "lambda 0.001", {"smallness_weight": 1e-3}),
    Variant("lambda-0.01", "lambda 0.01", {"smallness_weight": 1e-2}),
)
"""Tables IV to VI of the paper, each switch alone against the whole model, which has lambda 0.0001."""

_VQCNIR = _variants(
    Variant("full", "whole model"),
    Variant("full-seed-1", "whole model with another seed", {"run.seed": 1}),
    Variant("no-dbca", "no attention between the decoders, no warp (DBCA)", {"model.dbca": False}),
    Variant("reach-6", "offsets of 6 positions at most at each level", {"model.reach": 6.0}),
    Variant("reach-64", "offsets of 64 positions at most at each level", {"model.reach": 64.0}),
    Variant("no-sharpness", "no loss of gradient histograms", {"sharpness_weight": 0.0}),
    Variant("no-mean", "no loss of mean colors", {"mean_weight": 0.0}),
    Variant("no-association", "no loss of the latent", {"association_weight": 0.0}),
)
"""The paper's switch of DBCA, and what was added here, each alone against the whole model."""

ABLATIONS: Catalog[Variants] = Catalog("recipe to ablate", {"codeenhance": _CODEENHANCE, "vqcnir": _VQCNIR})

WHOLE, AGAIN = "full", "full-seed-1"

READING = """A row shows what a variant costs after these few steps, from the same start. It does not show
what it costs after a full training: parts that learn slowly look useless here. {noise}
The scores use no reference image and no control, so they do not measure the parts that serve those."""


SEVERAL_SEEDS = """± is the standard deviation over seeds. Differences are between runs with the same seed;
one that is smaller than its ± is noise."""


@dataclass(frozen=True, slots=True)
class Row:
    """Result of a variant.

    Attributes:
        name: Name of the variant.
        says: How it differs from the whole model.
        parameters: Parameters of the network.
        trained: Number of them that are trained.
        steps: Number of steps done.
        psnr: Mean PSNR of validation pairs in dB.
        ssim: Mean SSIM of validation pairs.
        index_accuracy: Share of positions with the code of the reference; None if the recipe has no such
            score.
        psnr_blurred: Mean PSNR of validation pairs with blurred dark images in dB; None as well.
        seeds: Seeds of the runs that the scores are means of.
        psnr_deviation: Standard deviation of the PSNR over seeds; None for a single one.
        difference: Mean difference of the PSNR to the whole model with the same seed; None without one.
        difference_deviation: Standard deviation of that difference over seeds; None for a single one.
    """

    name: str
    says: str
    parameters: int
    trained: int
    steps: int
    psnr: float
    ssim: float
    index_accuracy: float | None = None
    psnr_blurred: float | None = None
    seeds: tuple[int, ...] = ()
    psnr_deviation: float | None = None
    difference: float | None = None
    difference_deviation: float | None = None


def table_lines(rows: Sequence[Row]) -> list[list[str]]:
    """Head and rows of the table; differences are those from the whole model, if it has a row.

    Scores that no row has get no column.
    """
    whole = next((row for row in rows if row.name == WHOLE), None)
    head = ["row", "variant", "parameters", "trained", "PSNR, dB", "difference", "SSIM"]
    cells = [
        [
            row.name,
            row.says,
            f"{row.parameters:,}",
            f"{row.trained:,}",
            f"{row.psnr:.2f}{_spread(row.psnr_deviation)}",
            _difference(row, whole),
            f"{row.ssim:.4f}",
        ]
        for row in rows
    ]
    if any(row.index_accuracy is not None for row in rows):
        head.append("right codes")
        for row, line in zip(rows, cells, strict=True):
            line.append("" if row.index_accuracy is None else f"{100 * row.index_accuracy:.1f} %")
    if any(row.psnr_blurred is not None for row in rows):
        head.append("PSNR blurred, dB")
        for row, line in zip(rows, cells, strict=True):
            line.append("" if row.psnr_blurred is None else f"{row.psnr_blurred:.2f}")
    return [head, *cells]


def _difference(row: Row, whole: Row | None) -> str:
    if row.difference is not None:
        return f"{row.difference:+.2f}{_spread(row.difference_deviation)}"
    return "" if whole is None or row is whole else f"{row.psnr - whole.psnr:+.2f}"


def _spread(deviation: float | None) -> str:
    return "" if deviation is None else f" ± {deviation:.2f}"


def markdown(rows: Sequence[Row], recipe: "Recipe", *, name: str) -> str:
    """The table as a Markdown page."""
    head, *cells = table_lines(rows)
    marks = ["---", "---", *["---:"] * (len(head) - 2)]
    lines = [f"| {' | '.join(row)} |" for row in (head, marks, *cells)]
    return "\n\n".join([f"# Ablation of {name}", terms(recipe, rows), "\n".join(lines), reading(rows)]) + "\n"


def terms(recipe: "Recipe", rows: Sequence[Row]) -> str:
    """A sentence about the settings that all rows share."""
    run, most = recipe.run, max((len(row.seeds) for row in rows), default=0)
    seeds = f"seed {run.seed} unless stated" if most < 2 else f"means over {most} seeds from {run.seed} on"
    return (
        f"Each row: {counted(run.steps, 'step')} of {counted(run.batch_size, 'crop')} of {run.crop} pixels, "
        f"{seeds}. PSNR and SSIM of the averaged weights on validation pairs, RGB."
    )


def reading(rows: Sequence[Row]) -> str:
    """How to read the table."""
    found = {row.name: row for row in rows}
    if any(row.psnr_deviation is not None for row in rows):
        noise = SEVERAL_SEEDS
    elif WHOLE in found and AGAIN in found:
        apart = abs(found[WHOLE].psnr - found[AGAIN].psnr)
        noise = f"Two equal rows with different seeds differ by {apart:.2f} dB: that much is noise."
    else:
        noise = "Without a second row with another seed, nobody can distinguish differences from noise."
    return READING.format(noise=noise)


def as_document(rows: Sequence[Row], recipe: "Recipe", *, name: str) -> dict[str, Any]:
    """The table as JSON data."""
    run = recipe.run
    shared = {"steps": run.steps, "batch_size": run.batch_size, "crop": run.crop, "seed": run.seed}
    return {"recipe": name, **shared, "rows": [asdict(row) for row in rows], "reading": reading(rows)}


def document_text(document: dict[str, Any]) -> str:
    """JSON data as indented text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
