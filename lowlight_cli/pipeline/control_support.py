"""Who acts on each control that is turned: the model, or a tone curve behind it; quick to import."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from lowlight_cli.errors import UsageError
from lowlight_cli.models.catalog import MODELS

if TYPE_CHECKING:
    from lowlight_cli.models.controls import Controls

ControlHandler = Literal["model", "tone curve"]

BY_TONE_CURVE = ("contrast", "brightness")
"""Controls that a tone curve takes over for models without them."""


def control_handlers(model: str, controls: "Controls") -> dict[str, ControlHandler]:
    """Who acts on each control that is not where it is without being asked for.

    Args:
        model: Name in the catalog.
        controls: What was asked for.

    Raises:
        UnknownNameError: There is no such model.
        UsageError: Nobody acts on one of them; the message names models that would.
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
    """``contrast and brightness by the tone curve, texture by the model``; nothing where all is neutral."""
    by_actor: dict[ControlHandler, list[str]] = {}
    for name, actor in handlers.items():
        by_actor.setdefault(actor, []).append(name)
    return ", ".join(f"{' and '.join(names)} by the {actor}" for actor, names in by_actor.items())
