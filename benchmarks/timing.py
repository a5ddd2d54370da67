"""Timing, the same for all benchmarks: warm up, repeat, and write down machine, versions, median, spread."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("lowlight-cli", "torch", "numpy", "opencv-python", "pillow", "typer")

FOLDER = Path(__file__).with_name("results")


def measure(work: Callable[[], object], *, warm_up: int, repeats: int) -> dict[str, Any]:
    """Times a piece of work; it must wait for its device itself.

    Args:
        work: What to time.
        warm_up: Runs that do not count.
        repeats: Runs that do.

    Returns:
        Seconds of each run, their median, and the distance between the quartiles as ``spread_s``.
    """
    for _ in range(warm_up):
        work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    low, _, high = statistics.quantiles(seconds, n=4) if repeats > 1 else (seconds[0],) * 3
    return {
        "seconds": seconds,
        "median_s": statistics.median(seconds),
        "spread_s": high - low,
        "warm_up": warm_up,
    }


def machine_facts() -> dict[str, Any]:
    """Processor, cores, load before the run, and versions."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load_1_min": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def write_result(suite: str, device: str, machine: str, cases: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Writes ``<suite>--<machine>--<device>.json``.

    Args:
        suite: What was measured.
        device: Where.
        machine: Short name for the file.
        cases: A result for each case.
        folder: Where to write; it is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{suite}--{machine}--{device}.json"
    result = {"v": 1, "suite": suite, "device": device, "machine": machine_facts(), "cases": cases}
    path.write_text(json.dumps(result, indent=2) + "\n")
    return path


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
