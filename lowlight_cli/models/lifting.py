"""Exposure lift in models: before the network, and again to mix the lifted image into its result."""

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from lowlight_cli.layers.exposure import gain_plane, lift, luma, mean_luma
from lowlight_cli.layers.local_lift import (
    even_log_gain,
    kept_where_lit,
    log_gain_map,
    log_gain_of,
    measure_light,
    spread,
)
from lowlight_cli.models.control_targets import controlled, texture_alone
from lowlight_cli.models.interface import PLACE, Observation
from lowlight_cli.tensors import Features, GainMap, Images, PerImage, Places

LiftKind = Literal["global", "local"]
"""One gain for the whole image, or a gain for each pixel."""


@runtime_checkable
class LiftSettings(Protocol):
    """Settings of the lift; part of the settings of every model that has one."""

    @property
    def lift_target(self) -> float | None:
        """Mean luma to lift to; None for no lift."""

    @property
    def lift(self) -> LiftKind:
        """One gain, or a gain for each pixel."""


LOG_GAIN = "log_gain"
"""Fact of whole images: the logarithm of the gain, a map of any size or of one cell."""


class Lifted(NamedTuple):
    """Images after the lift, and the logarithm of the gain at each pixel."""

    images: Images
    log_gain: GainMap

    @property
    def seen(self) -> Features:
        """Input of a network: colors, and the gain as a fourth plane."""
        return torch.cat([self.images, gain_plane(self.log_gain, self.images)], dim=1)


def lifted(images: Images, settings: LiftSettings, known: Observation) -> Lifted | None:
    """Lifts images, or parts of images; None if the settings have no lift.

    Args:
        images: sRGB in [0, 1].
        settings: Those of the model.
        known: Facts of the whole images; ``log_gain`` is added if it is missing. ``place`` gives the position
            of parts; without it the images are whole images.
    """
    target = settings.lift_target
    if target is None:
        return None
    if LOG_GAIN not in known:
        is_local = settings.lift == "local"
        known[LOG_GAIN] = log_gain_map(images, target) if is_local else _one_gain(images, target)
    log_gain = log_gain_of_pixels(images, known)
    return Lifted(lift(images, log_gain.exp()), log_gain)


def mixed_back(
    made: Images, exposed: Lifted | None, settings: LiftSettings, keep: Callable[[Images], Images]
) -> Images:
    """Output of a network; with a local lift, the lifted image replaces it where little light was missing.

    Args:
        made: Output of the network, same shape as the images.
        exposed: The images after the lift; None without a lift.
        settings: Those of the model.
        keep: Applies controls and a reference to the lifted images.
    """
    if exposed is None or settings.lift == "global":
        return made
    return kept_where_lit(keep(exposed.images), made, *exposed)


def with_texture(texture: float | Tensor, known: Observation) -> Callable[[Images], Images]:
    """A function that applies the texture control to images; for models without another control.

    Args:
        texture: A number, or (b, 1, 1, 1).
        known: Facts of the whole images; ``middle`` is added if it is missing.
    """

    def keep(images: Images) -> Images:
        middle = known.setdefault("middle", mean_luma(images))
        return controlled(images, texture_alone(texture, images), middle)

    return keep


def evened(facts: Observation) -> Observation:
    """Facts with the gain averaged over the image, for frames of an animation that share their facts.

    A gain for each pixel would leave the trace of a moving lamp in every frame.
    """
    if LOG_GAIN not in facts:
        return facts
    return facts | {LOG_GAIN: facts[LOG_GAIN].mean((2, 3), keepdim=True)}


def log_gain_of_pixels(images: Images, known: Observation) -> GainMap:
    """Logarithm of the gain of images, or of parts of them, at each pixel."""
    return spread(known[LOG_GAIN], images, known.get(PLACE))


def facts_of_crops(settings: LiftSettings, crops: Images, views: Images, places: Places) -> Observation:
    """Facts of the whole images that training crops were cut from; empty without a lift.

    Args:
        settings: Those of the model.
        crops: Dark crops, sRGB in [0, 1].
        views: The whole dark images, small.
        places: Position of each crop in its view.
    """
    target = settings.lift_target
    if target is None:
        return {}
    if settings.lift == "global":
        return {LOG_GAIN: _one_gain(views, target)}
    # About as smooth as the copy that the gains of a whole image are computed from.
    guide = avg_pool2d(luma(crops.float()).unsqueeze(1), 3, stride=1, padding=1, count_include_pad=False)
    return {LOG_GAIN: log_gain_of(measure_light(views), guide, target, places)}


def facts_of_part(settings: LiftSettings, whole: Images, places: Places) -> Observation:
    """Facts for parts of whole dark images; empty without a lift."""
    known: Observation = {}
    return {} if lifted(whole, settings, known) is None else known | {PLACE: places}


def even_facts(settings: LiftSettings, lightness: PerImage) -> Observation:
    """Facts of evenly lit images of which only the mean luma is known; empty without a lift."""
    if settings.lift_target is None:
        return {}
    return {LOG_GAIN: even_log_gain(lightness, settings.lift_target)}


def _one_gain(images: Images, target: float) -> GainMap:
    return even_log_gain(mean_luma(images), target)
