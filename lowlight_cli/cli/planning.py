"""Options of ``lle enhance`` -> a plan: what is read, and where results go."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lowlight_cli.cli.sources import STDIN, gather
from lowlight_cli.cli.stdio import stdin_path, stdout_path
from lowlight_cli.errors import UsageError
from lowlight_cli.images.formats import FORMATS, format_of
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.file_stat import FileStat, file_stat
from lowlight_cli.pipeline.in_place import plan_in_place
from lowlight_cli.pipeline.naming import Naming
from lowlight_cli.pipeline.plan import Job, Plan, Source, plan_jobs
from lowlight_cli.pipeline.scan import Selection


def make_plan(chosen: Mapping[str, Any], spooled: Path | None) -> Plan:
    """Finds the inputs and names the results.

    Args:
        chosen: Value of each option, by the name of its parameter.
        spooled: Folder with the picture from stdin and for that to stdout, if any.

    Raises:
        UsageError: Inputs and place do not go together.
    """
    stdin = stdin_path(spooled) if spooled else None
    sources = gather(chosen["sources"] or (), chosen["files_from"], null=chosen["null"], stdin=stdin)
    selection = _selection(chosen)
    leave_out = [path for path in (chosen["backup_dir"], chosen["compare"]) if path]
    if chosen["in_place"]:
        return plan_in_place(sources, selection=selection, leave_out=leave_out)
    naming = _naming(chosen)
    if chosen["out"] == STDIN and spooled:
        return _plan_to_stdout(sources, naming, spooled)
    plan = plan_jobs(
        sources,
        chosen["out"],
        selection=selection,
        naming=naming,
        leave_out=leave_out,
        renames_clashes=chosen["on_exist"] is OnExist.RENAME,
    )
    if stdin is None:
        return plan
    if not plan.single:
        raise UsageError("a picture from stdin needs a file to go to, or '--out -'")
    return replace(plan, jobs=tuple(_unnamed(job) for job in plan.jobs))


def _selection(chosen: Mapping[str, Any]) -> Selection:
    return Selection(
        recursive=chosen["recursive"],
        include=tuple(chosen["include"] or ()),
        exclude=tuple(chosen["exclude"] or ()),
        hidden=chosen["hidden"],
        follow_symlinks=chosen["follow_symlinks"],
    )


def _naming(chosen: Mapping[str, Any]) -> Naming:
    wanted = chosen["output_format"].value
    format_name = None if wanted == "keep" else wanted
    if format_name is not None:
        _ = FORMATS[format_name]
    naming = Naming(
        template=chosen["name"],
        suffix=chosen["suffix"],
        format_name=format_name,
        deep=chosen["bit_depth"].value == "16",
        model=chosen["model"],
    )
    naming.check()
    return naming


def _plan_to_stdout(sources: list[Source], naming: Naming, folder: Path) -> Plan:
    if len(sources) != 1 or sources[0].path.is_dir():
        raise UsageError("'--out -' is for a single picture")
    path = sources[0].path
    if not path.exists():
        raise UsageError(f"no such file or folder: '{path}'")
    suffix = FORMATS[naming.format_name].suffixes[0] if naming.format_name else ""
    if not suffix and format_of(path):
        suffix = path.suffix
    job = Job(path, stdout_path(folder, suffix), relative=Path(path.name), facts=file_stat(path))
    return Plan((job,), folder, single=True)


def _unnamed(job: Job) -> Job:
    """A job for a picture from stdin: it has no name, and no time."""
    facts = FileStat(job.facts.size, 0) if job.facts else None
    return replace(job, relative=Path(STDIN), facts=facts)
