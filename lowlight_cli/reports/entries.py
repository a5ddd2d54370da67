"""Manifest entries -> entries to report: under which name each image is shown, and where its files are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lowlight_cli.errors import printable
from lowlight_cli.pipeline.manifest import Entry, read_manifest
from lowlight_cli.pipeline.plan import Plan
from lowlight_cli.pipeline.resume import absolute, key_of
from lowlight_cli.pipeline.scan import natural_key


def entries_of_plan(plan: Plan) -> list[Entry]:
    """The last manifest entry of each input of a plan, whether this run wrote it or an earlier one."""
    outputs = {key_of(job.target, plan.folder) for job in plan.jobs}
    closed = {absolute(path) for path in plan.closed}
    return [
        entry
        for entry in read_manifest(plan.folder).values()
        if entry.output in outputs or (entry.output is None and entry.source in closed)
    ]


def report_entries(entries: Iterable[Entry], folder: Path, *, absolute: bool = False) -> list[Entry]:
    """Entries as reports show them: ``input`` is the name to show; names and messages are printable.

    Args:
        entries: Entries of a manifest.
        folder: Output folder.
        absolute: Whether absolute paths may be shown. Otherwise names are relative, and messages lose the
            path of the output folder and of the home folder.

    Returns:
        The entries in natural order of their names. An input with several results is shown by the name of
        each result.
    """
    named = [
        replace(entry, input=_name(entry, absolute=absolute), error=_without_paths(entry, folder))
        for entry in entries
    ]
    counts = Counter(entry.input for entry in named)
    unique = [
        replace(entry, input=printable(entry.output)) if counts[entry.input] > 1 and entry.output else entry
        for entry in named
    ]
    return sorted(unique, key=lambda entry: natural_key(Path(entry.input)))


def output_path(entry: Entry, folder: Path) -> Path | None:
    """File of the result; None if none was planned.

    Args:
        entry: Entry of a manifest.
        folder: Output folder.
    """
    return folder / entry.output if entry.output else None


def has_output(entry: Entry, folder: Path) -> bool:
    """Whether a result is expected beside the original; a skipped image need not have one."""
    output = output_path(entry, folder)
    if output is None or is_in_place(entry, folder):
        return False
    return entry.status == "ok" or (entry.status == "skipped" and output.is_file())


def is_in_place(entry: Entry, folder: Path) -> bool:
    """Whether original and result are one file, as after ``--in-place``, so that they cannot be compared.

    Args:
        entry: Entry of a manifest.
        folder: Output folder.
    """
    output = output_path(entry, folder)
    if output is None:
        return False
    try:
        return entry.source == absolute(output) or output.samefile(entry.source)
    except (OSError, ValueError):  # one of them is gone
        return False


def _name(entry: Entry, *, absolute: bool) -> str:
    if absolute:
        return printable(entry.source)
    given = Path(entry.input)
    if not given.is_absolute() and ".." not in given.parts:
        return printable(given)
    if entry.output and not Path(entry.output).is_absolute():
        return printable(entry.output)
    return printable(given.name)


def _without_paths(entry: Entry, folder: Path) -> dict[str, str] | None:
    """The error of an entry, its message without the paths of the output folder and the home folder."""
    if entry.error is None:
        return None
    message = entry.error.get("msg", "")
    message = message.replace(str(folder.resolve()), folder.resolve().name).replace(str(Path.home()), "~")
    return {**entry.error, "msg": message}
