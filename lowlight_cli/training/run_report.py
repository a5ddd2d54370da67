"""Reports a training run: a table of its main figures, JSON, and the values of its HTML page; torch-free."""

import json
import re
import shlex
from dataclasses import asdict
from typing import Any, NamedTuple

from lowlight_cli.training.metrics_log import table_text
from lowlight_cli.training.run_charts import HEIGHT, WIDTH, charts_of
from lowlight_cli.training.run_summary import RunSummary, Score
from lowlight_cli.training.settings import SETTINGS_FILE
from lowlight_cli.training.step_text import duration, score_text

_STEP_OF_SAMPLE = re.compile(r"step-(\d+)")
_MOST_SAMPLES = 4


class Tile(NamedTuple):
    """A number at the top of the page: label, value, note, CSS class, and what hovering explains."""

    label: str
    value: str
    note: str = ""
    kind: str = ""
    title: str = ""


class Sample(NamedTuple):
    """A sample grid: its caption, and a JPEG file."""

    caption: str
    jpeg: bytes


def figures_of(run: RunSummary) -> list[tuple[str, str]]:
    """Names and values of the main figures, as text."""
    return [
        (name, value)
        for name, value in (
            ("run", run.folder.resolve().name),
            ("network", run.architecture),
            ("steps", f"{run.steps_done:,} of {run.steps:,}"),
            ("best score", _text(run.best)),
            ("last score", _text(run.last)),
            ("last loss", "" if run.loss is None else f"{run.loss:.4g}"),
            ("training time", _time_text(run)),
            ("device", str(run.environment.get("gpu") or run.environment.get("device") or "")),
            ("started", _started(run)),
            ("command", command_of(run)),
            ("weights", str(run.recommended or "")),
        )
        if value
    ]


def as_json(run: RunSummary) -> str:
    """The run as indented JSON: figures, settings, environment and all metrics."""
    document = {
        "v": 1,
        "run": str(run.folder),
        "network": run.architecture,
        "steps_done": run.steps_done,
        "steps": run.steps,
        "best": None if run.best is None else run.best._asdict(),
        "last": None if run.last is None else run.last._asdict(),
        "loss": run.loss,
        "weights": None if run.recommended is None else str(run.recommended),
        "settings": run.settings,
        "environment": run.environment,
        "metrics": run.rows,
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def as_csv(run: RunSummary) -> str:
    """All metrics as a table, one row for each logged step; None is an empty cell."""
    return table_text(run.rows).rstrip("\n")


def as_markdown(run: RunSummary) -> str:
    """The figures as a Markdown table."""
    rows = [f"| {_cell(name)} | {_cell(value)} |" for name, value in figures_of(run)]
    return "\n".join(["| Figure | Value |", "| --- | --- |", *rows])


def command_of(run: RunSummary) -> str:
    """The command line of the last start; empty if it is not known."""
    arguments = run.environment.get("arguments") or ()
    return shlex.join(["lle", *map(str, arguments)]) if arguments else ""


def page_values(run: RunSummary) -> dict[str, Any]:
    """Values for the template of the page."""
    environment = run.environment
    machine = {
        **{name: version for name, version in (environment.get("packages") or {}).items() if version},
        "git commit": environment.get("commit"),
        "Python": environment.get("python"),
        "system": environment.get("system"),
        "device": environment.get("gpu") or environment.get("device"),
        "CUDA": environment.get("cuda"),
        "threads": environment.get("threads"),
    }
    return {
        "title": run.folder.resolve().name,
        "facts": [fact for fact in (run.architecture, machine["device"], _started(run)) if fact],
        "tiles": _tiles(run),
        "charts": [asdict(chart) for chart in charts_of(run)],
        "size": (WIDTH, HEIGHT),
        "samples": _samples(run),
        "command": command_of(run),
        "machine": {name: value for name, value in machine.items() if value},
        "settings": (run.folder / SETTINGS_FILE).read_text(encoding="utf-8"),
        "validations": _validations(run),
    }


def _tiles(run: RunSummary) -> list[Tile]:
    is_done = run.steps_done >= run.steps
    tiles = [Tile("steps", f"{run.steps_done:,}", "finished" if is_done else f"of {run.steps:,}", "done")]
    if run.best is not None:
        name = run.best.name.replace("_", " ").replace("psnr", "PSNR")
        note = f"at step {run.best.step:,}"
        tiles.append(Tile(f"best {name}", score_text(run.best.name, run.best.value), note, "light"))
    if run.loss is not None:
        tiles.append(Tile("last loss", f"{run.loss:.4g}"))
    if time := _time_text(run):
        tiles.append(Tile("training time", time, "without validations"))
    return tiles


def _validations(run: RunSummary) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of a table: the scores of each validation."""
    if run.best is None:
        return [], []
    names = [name for name in ("psnr", "ssim", "dark_class_agreement") if run.curve(name)]
    rows = [row for row in run.rows if row.get(run.best.name) is not None]
    cells = [[f"{row['step'] + 1:,}", *(_score_cell(name, row.get(name)) for name in names)] for row in rows]
    return ["step", *(name.upper() if len(name) == 4 else name.replace("_", " ") for name in names)], cells


def _score_cell(name: str, value: float | None) -> str:
    return "" if value is None else score_text(name, value)


def _samples(run: RunSummary) -> list[Sample]:
    """Sample grids of the first, a middle, the best and the last validation."""
    found = {
        int(match[1]): path
        for path in sorted((run.folder / "samples").glob("step-*.jpg"))
        if (match := _STEP_OF_SAMPLE.match(path.stem))
    }
    steps = sorted(found)
    best = run.best.step if run.best else None
    chosen = {steps[0], steps[len(steps) // 2], steps[-1]} if steps else set()
    chosen |= {best} if best in found else set()
    return [
        Sample(f"step {step:,}{', best score' if step == best else ''}", found[step].read_bytes())
        for step in sorted(chosen)[:_MOST_SAMPLES]
    ]


def _text(score: Score | None) -> str:
    return (
        "" if score is None else f"{score.name} {score_text(score.name, score.value)} at step {score.step:,}"
    )


def _started(run: RunSummary) -> str:
    """Time of the last start: ``2026-11-27 04:34 UTC``; empty if it is not known."""
    text = str(run.environment.get("started", ""))
    return f"{text[:10]} {text[11:16]} UTC" if text.endswith("+00:00") else text


def _time_text(run: RunSummary) -> str:
    """Time of all steps, by the speeds in the metrics; empty if there are none."""
    seconds, done = 0.0, 0
    batch = float(run.settings.get("run", {}).get("batch_size", 0))
    for row in run.rows:
        if row.get("images_per_second"):
            seconds += (row["step"] + 1 - done) * batch / row["images_per_second"]
            done = row["step"] + 1
    return duration(seconds) if seconds else ""


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
