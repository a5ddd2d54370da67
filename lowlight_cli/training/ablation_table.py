"""The table of an ablation, with what it says and what it does not; torch-free."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lowlight_cli.training.ablation_run import Row
    from lowlight_cli.training.config import Recipe

WHOLE, AGAIN = "full", "full-seed-1"

READING = """A row says what leaving one thing out costs after so few steps, from the same start. It does
not say what it costs after a whole training: what learns slowly looks useless here. {noise}
The score knows no reference and no turned control, so it is blind to what those parts are for."""


def table_lines(rows: Sequence["Row"]) -> list[list[str]]:
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


def markdown(rows: Sequence["Row"], recipe: "Recipe", *, name: str) -> str:
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


def reading(rows: Sequence["Row"]) -> str:
    """What the table says and what it does not."""
    found = {row.name: row for row in rows}
    if WHOLE in found and AGAIN in found:
        apart = abs(found[WHOLE].psnr - found[AGAIN].psnr)
        noise = f"Two equal rows with other chance lie {apart:.2f} dB apart: so much says nothing."
    else:
        noise = "Without a second row with other chance nobody can say which differences are noise."
    return READING.format(noise=noise)


def as_document(rows: Sequence["Row"], recipe: "Recipe", *, name: str) -> dict[str, Any]:
    """The table for programs."""
    run = recipe.run
    shared = {"steps": run.steps, "batch_size": run.batch_size, "crop": run.crop, "seed": run.seed}
    return {"recipe": name, **shared, "rows": [asdict(row) for row in rows], "reading": reading(rows)}


def document_text(document: dict[str, Any]) -> str:
    """A document as indented JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
