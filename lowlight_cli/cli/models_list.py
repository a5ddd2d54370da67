"""The list of models: a row for each preset, with its size, its weights and their license; torch-free."""

from collections.abc import Sequence
from typing import Any

from lowlight_cli import defaults
from lowlight_cli.checkpoints.locate import weights_here
from lowlight_cli.cli.tables import Table, table
from lowlight_cli.models.entry import ModelEntry, WeightsEntry

_HEADS = ("model", "preset", "parameters", "MB", "weights", "license")


def list_table(entries: Sequence[ModelEntry]) -> Table:
    """A row for each preset; a star marks the default one of each model.

    Args:
        entries: Models.
    """
    blur = " and ".join(entry.name for entry in entries if entry.removes_blur)
    caption = f"* default preset; the default model is {defaults.MODEL}. Against blur: {blur}."
    rows = [_row(entry, preset) for entry in entries for preset in _presets(entry)]
    return table(_HEADS, rows, numbers=("parameters", "MB"), caption=caption)


def list_document(entries: Sequence[ModelEntry]) -> list[dict[str, Any]]:
    """The list as JSON values; keys are added, never renamed.

    Args:
        entries: Models.
    """
    return [
        {
            "name": entry.name,
            "presets": list(entry.presets),
            "summary": entry.summary,
            "is_default": entry.name == defaults.MODEL,
            "default_preset": entry.default_preset,
            "source": entry.source,
            "licence": entry.licence,
            "controls": sorted(entry.controls_of(None)),
            "removes_blur": entry.removes_blur,
            "weights": {preset: _facts(entry, preset) for preset in _presets(entry)},
        }
        for entry in entries
    ]


def _presets(entry: ModelEntry) -> list[str]:
    """Names of the presets, the default one first."""
    return sorted(entry.presets, key=lambda preset: preset != entry.default_preset)


def _row(entry: ModelEntry, preset: str) -> tuple[str, ...]:
    facts = _facts(entry, preset)
    return (
        entry.name,
        f"{preset} *" if preset == entry.default_preset else preset,
        f"{facts['parameters'] / 1e6:.2f} M",
        f"{facts['bytes'] / 1e6:.1f}" if facts["bytes"] else "-",
        facts["state"],
        entry.weights[preset].short_licence,
    )


def _facts(entry: ModelEntry, preset: str) -> dict[str, Any]:
    weights = entry.weights[preset]
    path = weights_here(weights)
    return {
        "parameters": entry.parameters[preset],
        "controls": sorted(entry.controls_of(preset)),
        "state": _state(weights, is_here=path is not None),
        "file": weights.file,
        "path": path,
        "bytes": path.stat().st_size if path else None,
        "licence": weights.licence,
        "page": weights.page,
        "published": list(weights.published),
        "remedy": None if path else weights.remedy,
    }


def _state(weights: WeightsEntry, *, is_here: bool) -> str:
    if not is_here:
        return "not here" if weights.published or weights.shipped else "none published"
    return "ships" if weights.shipped else "imported"
