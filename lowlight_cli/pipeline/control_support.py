"""Finds what applies each control that was set: the model or a tone curve; free of heavy imports."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS

if TYPE_CHECKING:
    from lowlight_cli.models.controls import Controls

ControlHandler = Literal["model", "tone curve"]

BY_TONE_CURVE = ("contrast", "brightness")
"""Controls that a tone curve applies if the model does not support them."""


def control_handlers(
    model: str, controls: "Controls", *, preset: str | None = None, checkpoint: Path | None = None
) -> dict[str, ControlHandler]:
    """What applies each control whose value is not neutral.

    Args:
        model: Name in the catalog.
        controls: Requested values.
        preset: Preset of the model; None is the default one.
        checkpoint: Weights file, whose network may have any control that some network of the model has; the
            loaded network knows better.

    Raises:
        UnknownNameError: There is no such model.
        UsageError: Nothing applies one of them; the message names models that support it.
    """
    entry = MODELS[model]
    native = entry.controls if checkpoint else entry.controls_of(preset)
    neutral = type(controls)()
    found: dict[str, ControlHandler] = {}
    for name in type(controls).model_fields:
        if getattr(controls, name) == getattr(neutral, name):
            continue
        if name not in native and name not in BY_TONE_CURVE:
            chosen = f"preset '{preset or entry.default_preset}' of " if name in entry.controls else ""
            raise UsageError(
                f"{chosen}model '{model}' has no control '{name}'; "
                f"models that have it: {', '.join(_models_with(name))}"
            )
        found[name] = "model" if name in native else "tone curve"
    return found


def _models_with(control: str) -> Iterator[str]:
    """Visible models that have a control, each with the presets that have it unless all do."""
    for name, entry in MODELS.items():
        presets = [preset for preset in entry.presets if control in entry.controls_of(preset)]
        if presets and not entry.hidden:
            yield name if len(presets) == len(entry.presets) else f"{name} --preset {' or '.join(presets)}"


def describe_handlers(handlers: Mapping[str, ControlHandler]) -> str:
    """``contrast and brightness by the tone curve, texture by the model``; empty if all are neutral."""
    by_handler: dict[ControlHandler, list[str]] = {}
    for name, handler in handlers.items():
        by_handler.setdefault(handler, []).append(name)
    return ", ".join(f"{' and '.join(names)} by the {handler}" for handler, names in by_handler.items())
