"""Finds what applies each control that was set: the model or a tone curve; free of heavy imports."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS

if TYPE_CHECKING:
    from lowlight_cli.models.controls import Controls

ControlHandler = Literal["model", "tone curve"]

BY_TONE_CURVE = ("contrast", "brightness")
"""Controls that a tone curve applies if the model does not support them."""


def control_handlers(model: str, controls: "Controls") -> dict[str, ControlHandler]:
    """What applies each control whose value is not neutral.

    Args:
        model: Name in the catalog.
        controls: Requested values.

    Raises:
        UnknownNameError: There is no such model.
        UsageError: Nothing applies one of them; the message names models that support it.
    """
    native = MODELS[model].controls
    neutral = type(controls)()
    found: dict[str, ControlHandler] = {}
    for name in type(controls).model_fields:
        if getattr(controls, name) == getattr(neutral, name):
            continue
        if name not in native and name not in BY_TONE_CURVE:
            able = [each for each, entry in MODELS.items() if name in entry.controls and not entry.hidden]
            raise UsageError(
                f"model '{model}' has no control '{name}'; models that have it: {', '.join(able)}"
            )
        found[name] = "model" if name in native else "tone curve"
    return found


def describe_handlers(handlers: Mapping[str, ControlHandler]) -> str:
    """``contrast and brightness by the tone curve, texture by the model``; empty if all are neutral."""
    by_handler: dict[ControlHandler, list[str]] = {}
    for name, handler in handlers.items():
        by_handler.setdefault(handler, []).append(name)
    return ", ".join(f"{' and '.join(names)} by the {handler}" for handler, names in by_handler.items())
