"""Events of a run as JSON Lines: one object per event; keys are added, never renamed.

The first key is ``v``, the version of the schema; see ``event_schema``.
"""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lowlight_cli.pipeline.control_support import ControlHandler
from lowlight_cli.pipeline.plan import Action, Job, Plan
from lowlight_cli.pipeline.report import Report, Row
from lowlight_cli.pipeline.resume import KNOWN_FAILURE
from lowlight_cli.pipeline.run_log import RunInfo

VERSION = 1


def start_event(
    plan: Plan, info: RunInfo, handlers: Mapping[str, ControlHandler], precision_reason: str = ""
) -> dict[str, Any]:
    """The run starts.

    Args:
        plan: What it will do.
        info: What all its images have in common.
        handlers: What applies each control that was set.
        precision_reason: Why this number format was chosen; empty if no model is needed.
    """
    return {
        "v": VERSION,
        "event": "start",
        "run": info.run,
        "n": len(plan.jobs) + len(plan.closed),
        "model": info.model,
        "preset": info.preset,
        "checkpoint_sha256": info.checkpoint_sha256,
        "device": info.device or None,
        "precision": info.precision or None,
        "precision_reason": precision_reason or None,
        "version": info.version,
        "controls": dict(handlers),
    }


def plan_event(job: Job, pixels: int = 0) -> dict[str, Any]:
    """What a dry run would do with one image.

    Args:
        job: What would be done.
        pixels: Pixels of the input according to its header.
    """
    event: dict[str, Any] = {"v": VERSION, "event": "plan", "action": job.action.value}
    event |= {**_path("in", job.source), **_path("out", job.target)}
    return event | ({"pixels": pixels} if job.action is Action.MAKE else {"reason": job.reason})


def item_event(row: Row) -> dict[str, Any]:
    """One image is finished."""
    event: dict[str, Any] = {"v": VERSION, "event": "item", "status": row.status, **_path("in", row.source)}
    if row.target is not None:
        event |= _path("out", row.target)
    match row.status:
        case "failed" | "conflict":
            return event | {"error": {"code": row.code, "msg": row.message}}
        case "skipped":
            return event | {"reason": row.code}
    event |= {"w": row.width, "h": row.height, "s": round(row.seconds, 4)}
    event["edge_width"] = None if row.edge_width is None else round(row.edge_width, 2)
    return event | {"bytes": row.output_bytes, "sha256": row.output_sha256, "warn": list(row.warnings)}


def end_event(plan: Plan, report: Report, exit_code: int) -> dict[str, Any]:
    """The run is over.

    Args:
        plan: What the run was to do.
        report: All outcomes.
        exit_code: Exit code of the program.

    Raises:
        RuntimeError: The counts do not add up to the inputs.
    """
    counts = {name: report.count(name) for name in ("ok", "skipped", "failed", "conflict")}
    counts |= {"ignored": report.ignored, "left": report.left}
    inputs = len(plan.jobs) + len(plan.closed) + len(plan.ignored)
    if sum(counts.values()) != inputs:
        raise RuntimeError(f"{inputs} inputs, but {counts}")
    seconds = round(report.seconds, 3)
    known = report.count_skipped(KNOWN_FAILURE)
    end = {"v": VERSION, "event": "end", "inputs": inputs, **counts, "known_failures": known}
    return end | {"s": seconds, "exit": exit_code}


def as_line(event: dict[str, Any]) -> str:
    """An event as one line of UTF-8 text."""
    return json.dumps(event, ensure_ascii=False)


def _path(key: str, path: Path) -> dict[str, str]:
    """A path as text, and in base64 too if its bytes are not valid UTF-8."""
    raw = os.fsencode(path)
    try:
        return {key: raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {
            key: raw.decode("utf-8", "backslashreplace"),
            f"{key}_b64": base64.b64encode(raw).decode("ascii"),
        }
