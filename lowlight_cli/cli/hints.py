"""Hints printed after a run: a model for blurred photos, and the command that retries failures."""

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
    """A hint to use a model that removes blur; empty if nothing is blurred or no such model is ready.

    Args:
        report: All outcomes.
        model: Name of the model that was used.
    """
    if not report.blurred or MODELS[model].removes_blur:
        return []
    better = [entry.name for entry in MODELS.values() if entry.removes_blur and entry.is_ready]
    return [f"{_subject(report)} as blurred; -m {name} is trained to remove blur" for name in better[:1]]


def _subject(report: Report) -> str:
    """How many photos measure as blurred, and of how many if only some were measured."""
    count = report.blurred
    verb = "measures" if count == 1 else "measure"
    if report.is_sampled:
        return f"{count:,} of {report.measured:,} measured photos {verb}"
    return f"{count:,} {'photo' if count == 1 else 'photos'} {verb}"


_LEFT_OUT = {"sources", "files_from", "null", "as_json", "printed", "dry_run", "yes"}


def retry_command(context: typer.Context, failures: Path) -> str:
    """The shell command that retries what failed.

    Args:
        context: Context of the command that ran.
        failures: File that lists what failed.
    """
    words = ["lle", "enhance", *_inputs(context, failures)]
    words += [word for name, value in _given(context) for word in (name, *value)]
    return os.fsencode(shlex.join(words)).decode("utf-8", "backslashreplace")


def _inputs(context: typer.Context, failures: Path) -> list[str]:
    """The list of failures; or, if the output is a file, its one input, since lists need a folder."""
    out, sources = context.params["out"], context.params["sources"]
    if sources and out is not None and failures.parent.parent != Path(out):
        # A name that starts with a dash would be parsed as an option.
        return [f"./{source}" if source.startswith("-") and source != "-" else source for source in sources]
    return ["--files-from", str(failures), *(["-0"] if failures.name.endswith("0.txt") else [])]


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
