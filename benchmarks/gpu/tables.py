"""A result of ``gpu_check.py`` as tables in Markdown, to print and for docs/performance.md."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Case = Mapping[str, Any]

_MARGIN = 1.3
"""As in ``lowlight_cli/pipeline/limits.py``."""


def as_markdown(result: Case) -> str:
    """All sections of a result that found something.

    Args:
        result: What ``gpu_check.py`` wrote, whole or cut off.
    """
    parts = [_machine(result["machine"])]
    is_quick = result["suite"].endswith("quick")  # then shares of what the device can do make no sense
    ceilings = {} if is_quick else result["cases"].get("ceilings", {})
    parts += [] if is_quick else _summary(result["cases"])
    for name, title, lines in _SECTIONS:
        found = result["cases"].get(name)
        if not found:
            continue
        parts.append(f"**{title.format(**result['machine']['sizes'])}**")
        shown = {key: value for key, value in found.items() if key not in ("error", "cut")}
        if shown:
            parts.append("\n".join(lines(shown, ceilings)))
        parts += [f"{key}: {found[key]}" for key in ("error", "cut") if key in found]
    return "\n\n".join(parts)


def _machine(machine: Case) -> str:
    libraries = machine["libraries"]
    where = machine.get("gpu") or machine["processor"]
    more = f", cuDNN {machine['cudnn']}" if machine.get("cudnn") else ""
    return (
        f"{where}, {machine['cores']} cores, torch {libraries['torch']}{more}, Python {machine['python']}, "
        f"{machine['time'][:10]}"
    )


def _summary(cases: Case) -> list[str]:
    """What the engine makes of the model, if all three were measured."""
    baseline = cases.get("baseline", {}).get("photos_s")
    alone = _best(cases.get("model", {}), "codeenhance ")
    engine = _best(cases.get("files", {}), "small")
    if not (baseline and alone and engine):
        return []
    times, share = engine / baseline, 100 * engine / alone
    return [
        f"File to file: {times:.2g} times the simplest program, {share:.0f} % of what the model alone does."
    ]


def _best(found: Case, begin: str) -> float:
    rates = (
        case["photos_s"] for name, case in found.items() if name.startswith(begin) and "photos_s" in case
    )
    return max(rates, default=0.0)


def _most(found: Case, _ceilings: Case) -> list[str]:
    words = {"copy": "copy on the device", "in": "to the device", "out": "from the device"}
    rows = []
    for key, value in found.items():
        name, _, unit = key.removesuffix("_s").rpartition("_")
        kind, _, detail = name.partition("_")
        rows.append(
            (", ".join(filter(None, (words.get(kind, kind), detail))), f"{_number(value)} {unit.upper()}/s")
        )
    return _table(("Ceiling", "Rate"), rows)


def _models(found: Case, ceilings: Case) -> list[str]:
    """A row for each model, preset and batch; a column for each precision."""
    keys = [key.split() for key in found]
    formats, models = (
        list(dict.fromkeys(parts)) for parts in zip(*((k[2], f"{k[0]} {k[1]}") for k in keys), strict=True)
    )
    batches = sorted({int(key[3]) for key in keys})
    rows = []
    for model in models:
        for batch in batches:
            cases = {name: found.get(f"{model} {name} {batch}") for name in formats}
            if any(cases.values()):
                rows.append((model, str(batch), *(_rate(cases[name], ceilings, name) for name in formats)))
    return _table(("Photos/s", "in a pass", *formats), rows) + _hungry(found)


def _hungry(found: Case) -> list[str]:
    """What takes more memory in float32 than the margin over `pass_costs` allows."""
    rows = []
    for name, case in found.items():
        peak, said = case.get("peak_bytes_per_pixel"), case.get("said_bytes_per_pixel")
        if " fp32 " in name and peak and said and peak > _MARGIN * said:
            rows.append(f"- {name}: {peak:.0f} bytes per pixel, `pass_costs` say {said}")
    return ["", "More memory than expected:", "", *rows] if rows else []


def _rate(case: Case | None, ceilings: Case, precision: str) -> str:
    """Photos per second, and the share of the operations that a product of matrices does."""
    if case is None:
        return ""
    if "photos_s" not in case:
        return "failed" if "error" in case else "too large"
    most = ceilings.get(f"product_{precision}_tflop_s")
    share = f" ({100 * case['tflop_s'] / most:.0f} %)" if most else ""
    return f"{_number(case['photos_s'])}{share}"


def _large(found: Case, _ceilings: Case) -> list[str]:
    known = {key for case in found.values() for key in case}
    stages = [key for key in ("copy_in_s", "model_s", "copy_out_s") if key in known]
    rows = [
        (name, case["precision"], *(_number(case[key]) for key in ("photos_s", "megapixels_s", *stages)))
        if "photos_s" in case
        else (name, "", case["left_out"], "", *("" for _ in stages))
        for name, case in found.items()
    ]
    heads = [f"{key.removesuffix('_s').replace('_', ' ')}, s" for key in stages]
    return _table(("Pixels to pixels", "precision", "photos/s", "megapixels/s", *heads), rows)


def _launches(found: Case, _ceilings: Case) -> list[str]:
    rows = [
        (
            name,
            _number(case["ms"]),
            _number(case["cast_once_ms"]),
            _number(case["graph_ms"]) if "graph_ms" in case else case.get("graph_error", "not on a CPU"),
            _small(255 * max(case["cast_once_difference"], case.get("graph_difference", 0.0))),
        )
        for name, case in found.items()
    ]
    heads = ("Milliseconds of a pass", "as it is", "weights cast once", "one CUDA graph", "difference, /255")
    return _table(heads, rows)


def _baseline(found: Case, _ceilings: Case) -> list[str]:
    return [f"{_number(found['photos_s'])} photos/s"]


def _files(found: Case, _ceilings: Case) -> list[str]:
    rows = [
        (name, case["precision"], _number(case["photos_s"]), str(case["failed"]))
        for name, case in found.items()
    ]
    staged = {name: case for name, case in found.items() if "stages_s" in case}
    stages = list(dict.fromkeys(stage for case in staged.values() for stage in case["stages_s"]))
    seconds = [
        (name, *(_number(each) for each in (case["wall_s"], *case["stages_s"].values())))
        for name, case in staged.items()
    ]
    lines = _table(("Photos", "precision", "photos/s", "failed"), rows)
    heads = ("Seconds", "in all", *(stage.replace("_", " ") for stage in stages))
    return [*lines, "", *_table(heads, seconds)] if staged else lines


def _processes(found: Case, _ceilings: Case) -> list[str]:
    rows = [
        (
            name,
            _number(case["photos_s"]),
            _number(case["steady_photos_s"]) if "steady_photos_s" in case else "",
            _number(case["first_after_s"]),
            str(case["results"]),
        )
        for name, case in found.items()
    ]
    heads = ("Processes", "photos/s", "in the last two thirds", "seconds before the first", "results")
    return _table(heads, rows)


def _tests(found: Case, _ceilings: Case) -> list[str]:
    counts = found.get("counts", {})
    lines = [", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "none ran"]
    if "code" in found and found["code"] is None:
        lines.append("ended by the clock; later tests are missing")
    return lines + [f"- {name}: {outcome}" for name, outcome in found.get("not_passed", {}).items()]


def _passes(found: Case, _ceilings: Case) -> list[str]:
    rows = [(name, _small(case["alone"]), _small(case["other_mates"])) for name, case in found.items()]
    return _table(("Largest difference, /255", "alone or among 8", "other mates"), rows)


def _memory(found: Case, _ceilings: Case) -> list[str]:
    rows = [
        (name, f"{case['results']} of {case['pictures']}", _small(case["largest"]), _small(case["mean"]))
        for name, case in found.items()
    ]
    return _table(("What does not fit", "results", "largest difference, /255", "mean, /255"), rows)


def _training(found: Case, _ceilings: Case) -> list[str]:
    return _table(
        ("codeenhance", "precision", "steps/s", "crops/s", "waiting for data"),
        [_training_row(name, case) for name, case in found.items()],
    )


def _training_row(name: str, case: Case) -> tuple[str, ...]:
    if "error" in case:
        return (name, case["error"], "", "", "")
    steps, crops, waiting = case["steps_s"], case["crops_s"], case["data_wait"]
    return (name, case["precision"], _number(steps), _number(crops), f"{100 * waiting:.0f} %")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    rules = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(cells)} |" for cells in (head, rules, *rows)]


def _number(value: float) -> str:
    """Three figures."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _small(value: float | None) -> str:
    """Two figures."""
    return "" if value is None else f"{value:.2g}"


_SECTIONS: tuple[tuple[str, str, Callable[[Case, Case], list[str]]], ...] = (
    ("ceilings", "What the device can do", _most),
    ("model", "Model alone, {image}", _models),
    ("presets", "Model alone, other presets", _models),
    ("large", "Large images, {large}", _large),
    ("launches", "What launching kernels and casting weights costs, {image}", _launches),
    ("baseline", "The simplest program: OpenCV, one photo after the other, fp32", _baseline),
    ("files", "From file to file, JPEG of {photo} (small) and {large} (large)", _files),
    ("processes", "Processes that share one device, JPEG of {photo}", _processes),
    ("training", "Training", _training),
    ("passes", "How much a result depends on the size of the pass", _passes),
    ("memory", "Results where memory runs out", _memory),
    ("tests", "tests/gpu", _tests),
)
