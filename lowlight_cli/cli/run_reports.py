"""Reports that ``lle enhance`` writes after a run."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lowlight_cli.cli.report import write_reports
from lowlight_cli.pipeline.manifest import read_manifest
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.resume import absolute, key_of
from lowlight_cli.reports.report_options import COMPARISON_END, ReportOptions


def write_run_reports(plan: Plan, report_options: ReportOptions) -> Sequence[Path]:
    """Writes reports about the inputs of a run, enhanced now or earlier; returns the files.

    Args:
        plan: Plan of the run.
        report_options: Reports to write.

    Raises:
        LowlightError: A file cannot be written.
    """
    outputs = {key_of(job.target, plan.folder) for job in plan.jobs}
    closed = {absolute(path) for path in plan.closed}
    entries = [
        asdict(entry)
        for entry in read_manifest(plan.folder).values()
        if entry.output in outputs or (entry.output is None and entry.source in closed)
    ]
    compare = report_options.compare
    written = write_reports(
        plan.folder,
        entries,
        reports=report_options.files,
        compare=compare,
        compare_style=report_options.style,
        contact_sheet=report_options.contact_sheet,
    )
    pairs = {path for path in written if compare and path.name.endswith(COMPARISON_END)}
    return [path for path in written if path not in pairs] + ([compare] if compare and pairs else [])
