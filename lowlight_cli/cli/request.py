"""Options of ``lle enhance``, by name, -> the settings of those who act on them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import uuid4

from lowlight_cli.cli.carry_out import Task, Terms
from lowlight_cli.cli.options import default_workers
from lowlight_cli.cli.param_types import parse_color
from lowlight_cli.cli.sources import STDIN
from lowlight_cli.errors import UsageError
from lowlight_cli.images.settings import ReadSettings, WriteSettings
from lowlight_cli.models.catalog import MODELS
from lowlight_cli.models.controls import Controls
from lowlight_cli.pipeline.choices import OnExist
from lowlight_cli.pipeline.control_support import control_handlers
from lowlight_cli.pipeline.fingerprint import bright_fingerprint, checkpoint_digest, fingerprint, preset_of
from lowlight_cli.pipeline.resume import ResumeState
from lowlight_cli.pipeline.run_log import RunInfo
from lowlight_cli.pipeline.settings import EnhanceSettings, StopSettings
from lowlight_cli.versions import version_of


def make_task(chosen: Mapping[str, Any]) -> Task:
    """Everything about the run but its files.

    Args:
        chosen: Value of each option, by the name of its parameter.

    Raises:
        UnknownNameError: There is no such model or preset.
        UsageError: The model does not know a control that is turned.
        WeightsError: The weights are missing.
    """
    settings = enhance_settings(chosen)
    handlers = control_handlers(settings.model, settings.controls)
    entry = MODELS[settings.model]
    _ = entry.presets[settings.preset or entry.default_preset]
    digest = checkpoint_digest(settings)
    options = fingerprint(settings, digest)
    facts = RunInfo(
        run=new_run_name(),
        version=version_of("lowlight-cli") or "uninstalled",
        model=settings.model,
        preset=preset_of(settings),
        checkpoint_sha256=digest,
        controls={**settings.controls.recorded(), "strength": settings.strength},
    )
    terms = Terms(
        on_exist=chosen["on_exist"],
        in_place=chosen["in_place"],
        backup_dir=chosen["backup_dir"],
        lock_timeout_s=chosen["lock_timeout"],
        writes_manifest=chosen["out"] != STDIN,
    )
    return Task(
        settings, terms, ResumeState({}, options, bright_fingerprint(options, settings)), facts, handlers
    )


def enhance_settings(chosen: Mapping[str, Any]) -> EnhanceSettings:
    """How pictures are read, enhanced and written.

    Args:
        chosen: Value of each option, by the name of its parameter.
    """
    flatten = None if chosen["flatten"] is None else parse_color(chosen["flatten"])
    parts = {
        "controls": Controls(**_those(Controls.model_fields, chosen)),
        "read": ReadSettings(**_those(ReadSettings.model_fields, chosen)),
        "write": WriteSettings(**_those(WriteSettings.model_fields, {**chosen, "flatten": flatten})),
        "stop": StopSettings(**_those(StopSettings.model_fields, chosen)),
        "workers": chosen["workers"] or default_workers(),
    }
    return EnhanceSettings(**_those(EnhanceSettings.model_fields, {**chosen, **parts}))


def new_run_name() -> str:
    """A name for a run: its moment, and four digits that tell runs of one second apart."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}-{uuid4().hex[:4]}"


def _those(names: Iterable[str], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The options that have one of these names."""
    return {name: _plain(chosen[name]) for name in names if name in chosen}


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def check_together(chosen: Mapping[str, Any]) -> None:
    """Refuses options that contradict each other.

    Args:
        chosen: Value of each option, by the name of its parameter.

    Raises:
        UsageError: They do.
    """
    if not chosen["sources"] and chosen["files_from"] is None:
        raise UsageError("no input; name pictures or folders, or a list of them with --files-from")
    if chosen["null"] and chosen["files_from"] is None and chosen["printed"].value != "paths":
        raise UsageError("-0 is for lists: it goes with --files-from or --print paths")
    _check_place(chosen)
    _check_stdout(chosen)
    asked = [name for name in ("reports", "compare", "contact_sheet") if chosen[name]]
    if asked and (chosen["out"] == STDIN or chosen["in_place"]):
        option = {"reports": "report"}.get(asked[0], asked[0]).replace("_", "-")
        raise UsageError(f"--{option} needs the originals and a folder of results side by side")


def _check_place(chosen: Mapping[str, Any]) -> None:
    if not chosen["in_place"]:
        if chosen["out"] is None:
            raise UsageError("no place for the results; name a folder with --out")
        for name in ("backup_dir", "no_backup"):
            if chosen[name]:
                raise UsageError(f"--{name.replace('_', '-')} is for --in-place only")
        return
    if chosen["out"] is not None:
        raise UsageError("--in-place and --out exclude each other")
    if bool(chosen["backup_dir"]) == chosen["no_backup"]:
        raise UsageError("--in-place needs either --backup-dir or --no-backup")
    if chosen["output_format"].value != "keep" or chosen["suffix"]:
        raise UsageError("--in-place keeps names; --format and --suffix would change them")
    if chosen["on_exist"] in (OnExist.RENAME, OnExist.ERROR):
        raise UsageError(f"--in-place and --on-exist {chosen['on_exist'].value} exclude each other")
    if STDIN in (chosen["sources"] or ()):
        raise UsageError("a picture from stdin has no place of its own; --in-place is for files")


def _check_stdout(chosen: Mapping[str, Any]) -> None:
    """One thing at most goes to stdout, and one thing at most comes from stdin."""
    if [*(chosen["sources"] or ()), chosen["files_from"]].count("-") > 1:
        raise UsageError("stdin can be read once only; '-' is given twice")
    wanted = {
        "--out -": chosen["out"] == "-",
        "--json": chosen["as_json"],
        "--print paths": chosen["printed"].value == "paths",
    }
    names = [name for name, is_wanted in wanted.items() if is_wanted]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} exclude each other: both write to stdout")
