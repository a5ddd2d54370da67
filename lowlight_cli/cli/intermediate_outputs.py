"""``lle enhance --save-degradation``: inner pictures of a model beside its results."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from lowlight_cli.cli.carry_out import carry_out
from lowlight_cli.cli.global_options import GlobalSettings
from lowlight_cli.cli.reporter import Reporter
from lowlight_cli.cli.request import make_task
from lowlight_cli.cli.sources import STDIN
from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.scan import STATE_FOLDER

BOOKS = "views"
"""Folder, among the books of the results, with those of the inner pictures, which are no results."""


class Saved(NamedTuple):
    """Lines for a person, and the exit code."""

    hints: list[str]
    exit_code: int


def check_views(chosen: Mapping[str, Any]) -> None:
    """Refuses inner pictures where there are none, or no place for them.

    Args:
        chosen: Value of each option, by the name of its parameter.

    Raises:
        UsageError: The model has none, or results go to stdout or replace their originals.
    """
    if not chosen["save_degradation"]:
        return
    if not MODELS[chosen["model"]].views:
        able = ", ".join(name for name, entry in MODELS.items() if entry.views)
        raise UsageError(f"model '{chosen['model']}' has no --save-degradation; these have it: {able}")
    if chosen["out"] == STDIN or chosen["in_place"]:
        raise UsageError("--save-degradation needs a file or a folder for the results: name it with --out")


def save_views(plan: Plan, chosen: Mapping[str, Any], settings: GlobalSettings) -> Saved:
    """Writes each inner picture as ``NAME.VIEW.EXT`` beside ``NAME.EXT``, on the terms of the results.

    The model runs once more for each of them.

    Args:
        plan: That of the results.
        chosen: Value of each option, by the name of its parameter.
        settings: Of the global options.
    """
    hints, code = [], 0
    for view in MODELS[chosen["model"]].views:
        task = make_task({**chosen, "view": view})
        voice = Reporter(settings)
        report = carry_out(_beside(plan, view), task, voice).report
        hints.append(f"{view}:  {report.count('ok')} written, {report.count('skipped')} there already")
        hints += voice.problems(report)
        code = max(code, report.exit_code)
        if report.is_cut_short:
            break
    return Saved(hints, code)


def _beside(plan: Plan, view: str) -> Plan:
    jobs = tuple(
        replace(job, target=job.target.with_name(f"{job.target.stem}.{view}{job.target.suffix}"))
        for job in plan.jobs
    )
    return Plan(jobs, plan.folder / STATE_FOLDER / BOOKS, single=plan.single)
