"""The hint that some photos are blurred, and which model is made for it; it is never chosen unasked."""

from lowlight_cli.inference.report import Report
from lowlight_cli.models.catalog import MODELS


def blur_hint(report: Report, model: str) -> list[str]:
    """A line for the end of a run, or none: nothing is blurred, or nothing better is at hand.

    Args:
        report: All outcomes.
        model: Name of the model that was used.
    """
    if not report.blurred or MODELS[model].removes_blur:
        return []
    better = [entry.name for entry in MODELS.values() if entry.removes_blur and entry.is_ready]
    return [f"{_subject(report)} as blurred; -m {name} is trained to remove blur, too" for name in better[:1]]


def _subject(report: Report) -> str:
    """How many photos, and of how many where some were not looked at."""
    count = report.blurred
    verb = "measures" if count == 1 else "measure"
    if report.is_sampled:
        return f"{count:,} of {report.measured:,} photos looked at {verb}"
    return f"{count:,} {'photo' if count == 1 else 'photos'} {verb}"
