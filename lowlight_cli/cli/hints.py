"""Hints printed after a run: what helps against failures, blurred photos, and a GPU that waits."""

import os
import shlex
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from lowlight_cli.cli.progress import shown
from lowlight_cli.counted import counted
from lowlight_cli.errors import printable
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.choices import AUTO_PIXELS, Detail
from lowlight_cli.pipeline.report import LASTING_FAILURES, Report, Row
from lowlight_cli.pipeline.resume import KNOWN_FAILURE


def blur_hint(report: Report, model: str) -> list[str]:
    """A hint to use a model that removes blur; empty if nothing is blurred or no such model is ready.

    Args:
        report: All outcomes.
        model: Name of the model that was used.
    """
    if not report.blurred or MODELS[model].removes_blur:
        return []
    better = [entry.name for entry in MODELS.values() if entry.removes_blur and entry.is_ready]
    return [f"{_subject(report)} blurred; try -m {name} --deblur, and compare" for name in better[:1]]


def _subject(report: Report) -> str:
    """How many photos look blurred, and of how many if only some were measured."""
    count = report.blurred
    verb = "looks" if count == 1 else "look"
    if report.is_sampled:
        return f"{count:,} of {counted(report.measured, 'measured photo')} {verb}"
    return f"{counted(count, 'photo')} {verb}"


def failure_hints(context: typer.Context, report: Report) -> list[str]:
    """What helps against failures and conflicts; nothing about damage that another try cannot change.

    Args:
        context: Context of the command that ran.
        report: All outcomes.
    """
    lines = []
    if report.failures and any(_may_pass(row) for row in report.rows):
        lines.append(f"retry:  {_retry_command(context, report.failures)}")
    if (count := report.count_failed("truncated")) and not context.params["allow_truncated"]:
        extent = "it as far as it goes" if count == 1 else "them as far as they go"
        lines.append(f"{counted(count, 'truncated file')}: read {extent} with --allow-truncated")
    if (count := report.count_skipped(KNOWN_FAILURE)) and report.failures:
        again = f"try {'it' if count == 1 else 'them'} again with --retry-failed always"
        lines.append(f"{counted(count, 'known failure')} in {printable(report.failures)}; {again}")
    if count := report.count("conflict"):
        lines.append(_conflict_hint(context, count))
    return lines


def _conflict_hint(context: typer.Context, count: int) -> str:
    """How to go on where outputs exist; in place there is but one way, as results are not enhanced again.

    Args:
        context: Context of the command that ran.
        count: Number of conflicts.
    """
    it = "it" if count == 1 else "them"
    if not context.params["in_place"]:
        exist = "exists" if count == 1 else "exist"
        return (
            f"{counted(count, 'output')} already {exist}. "
            f"Replace {it}: --on-exist overwrite. Keep both: --on-exist rename"
        )
    were, originals = ("was", "its original") if count == 1 else ("were", "their originals")
    kept = context.params["backup_dir"]
    place = f" from the backup folder {shown(kept)}" if kept else ""
    return (
        f"{counted(count, 'image')} {were} enhanced in place before. "
        f"To enhance {it} with other options, put {originals} back{place} first"
    )


def _may_pass(row: Row) -> bool:
    """Whether an image failed for a reason outside of its file."""
    return row.status == "failed" and row.code not in LASTING_FAILURES


def detail_hint(report: Report, detail: Detail) -> list[str]:
    """A line that says how many images ``--detail auto`` enhanced at reduced size; empty for none."""
    large = sum(row.status == "ok" and row.width * row.height > AUTO_PIXELS for row in report.rows)
    if detail is not Detail.AUTO or not large:
        return []
    return [f"{counted(large, 'image')} above 6 megapixels enhanced at reduced size; --detail full is slower"]


def sharing_hint(report: Report, devices: str) -> list[str]:
    """A hint to share a GPU among processes, after a long run in which it waited for files.

    Args:
        report: All outcomes.
        devices: Value of ``--device`` for several processes; empty if this machine should use one.
    """
    share = report.stages.model / report.seconds if report.seconds else 1.0
    if not devices or report.count("ok") < _LONG_RUN or share > _BUSY_SHARE:
        return []
    processes = counted(len(devices.split(",")), "process", "processes")
    return [
        f"the GPU computed for {100 * share:.0f} % of the time; "
        f"--device {devices} reads and writes in {processes}"
    ]


_LONG_RUN = 5000
"""Images from which it pays to start several processes, which takes about ten seconds."""

_BUSY_SHARE = 0.6

_LEFT_OUT = {"sources", "files_from", "null", "as_json", "printed", "dry_run", "yes"}
_MOST_INPUTS = 5
"""Most inputs that a command to retry repeats."""


def _retry_command(context: typer.Context, failures: Path) -> str:
    """The shell command that retries what failed.

    Args:
        context: Context of the command that ran.
        failures: File that lists what failed.
    """
    if context.params["out"] is None and len(context.params["sources"] or ()) > _MOST_INPUTS:
        return "run the same command again"
    words = ["lle", "enhance", *_inputs(context, failures)]
    words += [word for name, value in _given(context) for word in (name, *value)]
    return os.fsencode(shlex.join(words)).decode("utf-8", "backslashreplace")


def _inputs(context: typer.Context, failures: Path) -> list[str]:
    """The list of failures; or, if no output folder was named, the inputs, since lists need one."""
    out, sources = context.params["out"], context.params["sources"]
    is_folder = context.params["in_place"] or (out is not None and failures.parent.parent == Path(out))
    if sources and not is_folder:
        # A name that starts with a dash would be parsed as an option.
        return [f"./{source}" if source.startswith("-") and source != "-" else source for source in sources]
    return ["--files-from", str(failures), *(["-0"] if failures.name.startswith("failed0") else [])]


def _given(context: typer.Context) -> Iterator[tuple[str, list[str]]]:
    """Options given on the command line, each with its value if it takes one."""
    for param in context.command.params:
        name = str(param.name)
        source = getattr(context.get_parameter_source(name), "name", "")
        if source != "COMMANDLINE" or name in _LEFT_OUT or name not in context.params:
            continue
        value: Any = context.params[name]
        option = min(param.opts, key=len) if name == "out" else max(param.opts, key=len)
        if isinstance(value, bool):
            yield (option if value else param.secondary_opts[0]), []
        else:
            for each in value if isinstance(value, list | tuple) else [value]:
                yield option, [str(each.value if isinstance(each, Enum) else each)]
