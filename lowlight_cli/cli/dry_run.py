"""Prints what a run would do: as a table, or as events."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lowlight_cli.cli.events import as_line, plan_event
from lowlight_cli.cli.progress import say
from lowlight_cli.cli.reporter import emit, nothing_found
from lowlight_cli.cli.tables import print_table, table
from lowlight_cli.counted import counted
from lowlight_cli.errors import printable
from lowlight_cli.images.decode import peek_pixels
from lowlight_cli.images.formats import format_of
from lowlight_cli.pipeline.plan import Action, Job, Plan
from lowlight_cli.pipeline.sources import STDIN

_BYTES_PER_PIXEL = {"jpg": 0.9, "png": 2.2, "tiff": 3.0, "webp": 0.6, "avif": 0.4, "gif": 0.8}
"""Measured on enhanced photos at default quality; for an estimate of the disk space needed."""


def show_plan(plan: Plan, *, as_json: bool, quiet: bool, spooled: Path | None = None) -> None:
    """Prints what a run would do; reads file headers, but no pixels.

    Args:
        plan: The resolved plan.
        as_json: Whether to print events.
        quiet: Whether the totals on stderr are left out.
        spooled: Folder with the image from stdin and the one for stdout, which are both shown as ``-``.
    """
    sizes = [0 if job.skip else peek_pixels(job.source) for job in plan.jobs]
    named = [_named(job, spooled) for job in plan.jobs]
    if as_json:
        for job, pixels in zip(named, sizes, strict=True):
            emit(as_line(plan_event(job, pixels)))
    elif plan.jobs:
        _print_jobs(named, sizes)
    say(_totals(plan, sizes), quiet=quiet)


def _print_jobs(jobs: Sequence[Job], sizes: Sequence[int]) -> None:
    from lowlight_cli.cli.table_layout import Column, Kind

    columns = (Column(""), Column("", Kind.NAME), Column("", Kind.NAME), Column(""))
    rows = [_cells(job, pixels) for job, pixels in zip(jobs, sizes, strict=True)]
    print_table(table(columns, rows), framed=False)


def _named(job: Job, spooled: Path | None) -> Job:
    stream = Path(STDIN)
    return replace(
        job,
        source=stream if job.source.parent == spooled else job.source,
        target=stream if job.target.parent == spooled else job.target,
    )


def _cells(job: Job, pixels: int) -> tuple[str, str, str, str]:
    why = job.reason.replace("_", " ") if job.skip else f"{pixels / 1e6:.1f} MP" if pixels else "size unknown"
    return job.action.value, printable(job.source), f"-> {printable(job.target)}", why


def _totals(plan: Plan, sizes: list[int]) -> str:
    counts = {action: sum(job.action is action for job in plan.jobs) for action in Action}
    need = sum(
        pixels * _BYTES_PER_PIXEL.get(format_of(job.target) or "", 2.0)
        for job, pixels in zip(plan.jobs, sizes, strict=True)
    )
    folder = next((place for place in (plan.folder, *plan.folder.absolute().parents) if place.is_dir()), None)
    free = shutil.disk_usage(folder).free if folder else 0
    room = f"about {_size(need)}, {_size(free)} free"
    words = [f"{counts[Action.MAKE]:,} to enhance ({sum(sizes) / 1e6:,.1f} MP, {room})"]
    words += [f"{counts[Action.SKIP]:,} to skip"] if counts[Action.SKIP] else []
    words += [f"{counts[Action.CONFLICT]:,} left alone"] if counts[Action.CONFLICT] else []
    ignored = counted(len(plan.ignored), "other file")
    words += [f"{ignored} ignored"] if plan.ignored else []
    words += [] if plan.jobs or not plan.unselected else [nothing_found(plan)]
    return " · ".join(words)


def _size(count: float | int) -> str:
    """Bytes with a unit."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
