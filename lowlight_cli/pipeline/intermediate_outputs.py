"""Intermediate outputs of a model, such as the degradation that DRGN removes, written beside its results.

A file of its own, because few models have any.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.enhance import enhance_plan
from lowlight_cli.pipeline.observer import Observer
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.report import Report
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.scan import STATE_FOLDER

MANIFEST_FOLDER = "views"
"""Folder inside ``.lle`` that holds the manifest of intermediate outputs, apart from that of the results."""


class IntermediateReport(NamedTuple):
    """Report of one intermediate output."""

    view: str
    report: Report


def enhance_intermediate(
    plan: Plan, request: EnhanceRequest, observer: Observer
) -> Iterator[IntermediateReport]:
    """Writes each intermediate output as ``NAME.VIEW.EXT`` next to ``NAME.EXT``; stops after a cut-short run.

    The model runs again for each of them.

    Args:
        plan: Plan of the results, not resolved.
        request: Request of the results.
        observer: Notified of each event of each run.
    """
    for view in MODELS[request.settings.model].views:
        settings = request.settings.model_copy(update={"view": view})
        report = enhance_plan(
            _intermediate_plan(plan, view), request.model_copy(update={"settings": settings}), observer
        )
        yield IntermediateReport(view, report)
        if report.is_cut_short:
            return


def _intermediate_plan(plan: Plan, view: str) -> Plan:
    jobs = tuple(
        replace(job, target=job.target.with_name(f"{job.target.stem}.{view}{job.target.suffix}"))
        for job in plan.jobs
    )
    return Plan(jobs, plan.folder / STATE_FOLDER / MANIFEST_FOLDER, single=plan.single, shard=plan.shard)
