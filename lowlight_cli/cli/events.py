"""Runs as JSON Lines for other programs: one object per event; keys are added, never renamed.

The first key of each is ``v``, the version of the form.
"""

import base64
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from lowlight_cli.inference.plan import Job
from lowlight_cli.inference.report import Report, Row

VERSION = 1


def start_event(count: int, facts: Mapping[str, str | None]) -> dict[str, Any]:
    """A run begins.

    Args:
        count: Jobs planned.
        facts: Model, device and so on.
    """
    run = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}-{uuid4().hex[:4]}"
    return {"v": VERSION, "event": "start", "run": run, "n": count, **facts}


def plan_event(job: Job) -> dict[str, Any]:
    """What a dry run found for one picture."""
    action = "skip" if job.skip else "make"
    return {
        "v": VERSION,
        "event": "plan",
        "action": action,
        **_path("in", job.source),
        **_path("out", job.target),
    }


def item_event(row: Row) -> dict[str, Any]:
    """One picture came to its end."""
    event: dict[str, Any] = {"v": VERSION, "event": "item", "status": row.status, **_path("in", row.source)}
    if row.target is not None:
        event |= _path("out", row.target)
    if row.status == "failed":
        return event | {"error": {"code": row.code, "msg": row.message}}
    if row.status == "ok":
        event |= {"w": row.width, "h": row.height, "s": round(row.seconds, 4), "warn": list(row.warnings)}
    return event


def end_event(report: Report, exit_code: int) -> dict[str, Any]:
    """The run is over.

    Args:
        report: All outcomes.
        exit_code: What the program will end with.
    """
    return {
        "v": VERSION,
        "event": "end",
        "ok": report.count("ok"),
        "skipped": report.count("skipped"),
        "failed": report.count("failed"),
        "ignored": report.ignored,
        "left": report.left,
        "s": round(report.seconds, 3),
        "exit": exit_code,
    }


def as_line(event: dict[str, Any]) -> str:
    """An event as one line of UTF-8 text."""
    return json.dumps(event, ensure_ascii=False)


def _path(key: str, path: Path) -> dict[str, str]:
    """A path as text; where its bytes are not UTF-8, exactly in base 64 beside it."""
    raw = os.fsencode(path)
    try:
        return {key: raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {
            key: raw.decode("utf-8", "backslashreplace"),
            f"{key}_b64": base64.b64encode(raw).decode("ascii"),
        }
