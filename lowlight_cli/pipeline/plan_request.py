"""Plans the jobs of a request."""

import os
from dataclasses import replace
from pathlib import Path

from lowlight_cli.errors import UsageError
from lowlight_cli.images.codecs.detect_format import is_other_file
from lowlight_cli.images.formats import FORMATS, format_of
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.destination import default_folder, without_results
from lowlight_cli.pipeline.file_stat import FileStat, file_stat
from lowlight_cli.pipeline.in_place import plan_in_place
from lowlight_cli.pipeline.naming import Naming
from lowlight_cli.pipeline.plan import Job, Plan, Source, plan_beside, plan_jobs
from lowlight_cli.pipeline.request import EnhanceRequest
from lowlight_cli.pipeline.shard import Shard
from lowlight_cli.pipeline.sources import STDIN, gather_sources

STDIN_NAME = "stdin"
"""Name of the file in ``EnhanceRequest.spool`` that holds the image from stdin."""


def make_plan(request: EnhanceRequest) -> Plan:
    """Finds the inputs and names the outputs; nothing is written.

    A shard plans the whole run, so that names and numbers are those of one run, and keeps its part.

    Args:
        request: The run.

    Raises:
        UsageError: An input is missing, or inputs and output do not fit together.
    """
    plan = _make_whole_plan(request)
    return _part(plan, request.shard) if request.shard else plan


def _part(plan: Plan, shard: Shard) -> Plan:
    """The jobs of a shard; what is not about a single job is left to the first shard."""
    if plan.single:
        raise UsageError("--shard divides folders and lists; a single output file cannot be divided")
    jobs = tuple(job for job in plan.jobs if shard.holds(job.relative))
    plan = replace(plan, jobs=jobs, shard=shard, elsewhere=len(plan.jobs) - len(jobs))
    # Folders that could not be listed stay: another machine may have listed them.
    return plan if shard.index == 0 else replace(plan, ignored=(), loops=())


def _make_whole_plan(request: EnhanceRequest) -> Plan:
    options, output = request.input, request.output
    if not options.sources and options.files_from is None:
        raise UsageError("no input; name images or folders, or a list of them with --files-from")
    stdin = request.spool / STDIN_NAME if request.spool else None
    sources = gather_sources(options.sources, options.files_from, null=options.null, stdin=stdin)
    if len(sources) == 1 and STDIN not in options.sources:
        _check_is_image(sources[0])
    leave_out = [*options.leave_out, *([output.backup_dir] if output.backup_dir else [])]
    if output.in_place:
        return plan_in_place(sources, selection=options.selection, leave_out=leave_out)
    naming = request.naming
    if output.out == STDIN and request.spool:
        return _plan_to_stdout(sources, naming, request.spool)
    if output.out is None:
        return _plan_without_output(request, sources, leave_out)
    plan = plan_jobs(
        sources,
        output.out,
        selection=options.selection,
        naming=naming,
        leave_out=leave_out,
        renames_clashes=output.on_exist is OnExist.RENAME,
    )
    if STDIN not in options.sources:
        return plan
    if not plan.single:
        raise UsageError("an image from stdin needs an output file, or '--out -'")
    return replace(plan, jobs=tuple(_unnamed(job) for job in plan.jobs))


def _check_is_image(source: Source) -> None:
    """Refuses a lone input that is no image; among several inputs it fails alone.

    Raises:
        UsageError: It is no image.
    """
    path = source.path
    if source.is_single_image and format_of(path) is None and is_other_file(path):
        raise UsageError(f"'{path}' is not an image")


def _plan_without_output(request: EnhanceRequest, sources: list[Source], leave_out: list[Path]) -> Plan:
    """Results of a folder go into a folder beside it, those of files of one folder beside each file."""
    options, renames = request.input, request.output.on_exist is OnExist.RENAME
    if STDIN in options.sources:
        raise UsageError("no output given for the image from stdin; add -o FILE, or -o - for stdout")
    paths = [source.path for source in sources]
    has_folders = any(path.is_dir() for path in paths)
    if options.files_from is None and len(paths) == 1 and has_folders:
        return plan_jobs(
            sources,
            f"{default_folder(paths[0])}{os.sep}",
            selection=without_results(options.selection),
            naming=request.naming,
            leave_out=leave_out,
            renames_clashes=renames,
        )
    if options.files_from is not None:
        raise UsageError("no output given; add -o FOLDER")
    if has_folders or len({path.parent for path in paths}) > 1:
        raise UsageError("no output given, and the inputs are in several folders; add -o FOLDER")
    return plan_beside(sources, naming=request.naming, renames_clashes=renames)


def _plan_to_stdout(sources: list[Source], naming: Naming, folder: Path) -> Plan:
    if len(sources) != 1 or sources[0].path.is_dir():
        raise UsageError("'--out -' takes a single image")
    path = sources[0].path
    if not path.exists():
        raise UsageError(f"no such file or folder: '{path}'")
    suffix = FORMATS[naming.format_name].suffixes[0] if naming.format_name else ""
    if not suffix and format_of(path):
        suffix = path.suffix
    job = Job(path, folder / f"stdout{suffix}", relative=Path(path.name), stat=file_stat(path))
    return Plan((job,), folder, single=True)


def _unnamed(job: Job) -> Job:
    """A job for an image from stdin, which has no name and no modification time."""
    stat = FileStat(job.stat.size, 0) if job.stat else None
    return replace(job, relative=Path(STDIN), stat=stat)
