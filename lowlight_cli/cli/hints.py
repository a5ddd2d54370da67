"""The hint that some photos are blurred, and which model is made for it; it is never chosen unasked."""

import os
import shlex
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from lowlight_cli.models.catalog import MODELS
from lowlight_cli.pipeline.report import Report


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


_LEFT_OUT = {"sources", "files_from", "null", "as_json", "printed", "dry_run", "yes"}


def retry_command(context: typer.Context, failures: Path) -> str:
    """The command for a shell.

    Args:
        context: Of the command that ran.
        failures: List of what failed.
    """
    words = ["lle", "enhance", *_inputs(context, failures)]
    words += [word for name, value in _given(context) for word in (name, *value)]
    return os.fsencode(shlex.join(words)).decode("utf-8", "backslashreplace")


def _inputs(context: typer.Context, failures: Path) -> list[str]:
    """The list of what failed; where the result is a file, its one input, since lists go into folders."""
    out, sources = context.params["out"], context.params["sources"]
    if sources and out is not None and failures.parent.parent != Path(out):
        # A name that starts with a dash would be taken for an option.
        return [f"./{source}" if source.startswith("-") and source != "-" else source for source in sources]
    return ["--files-from", str(failures), *(["-0"] if failures.name.endswith("0.txt") else [])]


def _given(context: typer.Context) -> Iterator[tuple[str, list[str]]]:
    """Options that stood on the command line, each with its value if it takes one."""
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
