"""Exposure lift as models use it: before the network, and again where its result is put together."""

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
"""One gain for all of a picture, or one for each part."""


@runtime_checkable
class LiftSettings(Protocol):
    """What the settings of every model with a lift say of it."""

    @property
    def lift_target(self) -> float | None:
        """Lightness to lift to; None for no lift."""

    @property
    def lift(self) -> LiftKind:
        """How gains are found."""


LOG_GAIN = "log_gain"
"""The fact that says how much light whole pictures lack: a map of any size, or of one cell."""


class Lifted(NamedTuple):
    """Pictures after the lift, the logarithm of the gain at each pixel, and both as a network sees them."""

    images: Images
    log_gain: GainMap

    @property
    def seen(self) -> Features:
        """Colors, and the gain as a fourth plane."""
        return torch.cat([self.images, gain_plane(self.log_gain, self.images)], dim=1)


def lifted(images: Images, settings: LiftSettings, known: Observation) -> Lifted | None:
    """Lifts pictures, or parts of pictures; None where the settings ask for no lift.

    Args:
        images: sRGB in [0, 1].
        settings: Those of the model.
        known: Facts of the whole pictures; ``log_gain`` is added where it is missing. ``place`` says where
            parts lie; without it the images are whole pictures.
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
    """What a network made, with the lifted picture where that needed no light, under a local lift.

    Args:
        made: By the network, same shape as the pictures.
        exposed: The pictures after the lift, if there was one.
        settings: Those of the model.
        keep: Gives what is kept of the lifted picture: with what controls and a reference ask for.
    """
    if exposed is None or settings.lift == "global":
        return made
    return kept_where_lit(keep(exposed.images), made, *exposed)


def with_texture(texture: float | Tensor, known: Observation) -> Callable[[Images], Images]:
    """Keeps pictures with the texture asked for, for models without another control.

    Args:
        texture: A number, or (b, 1, 1, 1).
        known: Facts of the whole pictures; ``middle`` is added where it is missing.
    """

    def keep(images: Images) -> Images:
        middle = known.setdefault("middle", mean_luma(images))
        return controlled(images, texture_alone(texture, images), middle)

    return keep


def evened(facts: Observation) -> Observation:
    """Facts of pictures that are not alike in every place, such as frames of an animation: one gain for all.

    A lamp that moves would leave its track in gains of each place.
    """
    if LOG_GAIN not in facts:
        return facts
    return facts | {LOG_GAIN: facts[LOG_GAIN].mean((2, 3), keepdim=True)}


def log_gain_of_pixels(images: Images, known: Observation) -> GainMap:
    """The gain that pictures, or parts of them, were lifted by, at each pixel."""
    return spread(known[LOG_GAIN], images, known.get(PLACE))


def facts_of_crops(settings: LiftSettings, crops: Images, views: Images, places: Places) -> Observation:
    """What training knows of the whole pictures that crops were cut from; nothing without a lift.

    Args:
        settings: Those of the model.
        crops: Dark crops, sRGB in [0, 1].
        views: The whole dark pictures, small.
        places: Where each crop lies in its view.
    """
    target = settings.lift_target
    if target is None:
        return {}
    if settings.lift == "global":
        return {LOG_GAIN: _one_gain(views, target)}
    # About as smooth as the copy from which the gains of a whole picture are found.
    guide = avg_pool2d(luma(crops.float()).unsqueeze(1), 3, stride=1, padding=1, count_include_pad=False)
    return {LOG_GAIN: log_gain_of(measure_light(views), guide, target, places)}


def facts_of_part(settings: LiftSettings, whole: Images, places: Places) -> Observation:
    """Facts for a part of whole dark pictures; nothing without a lift."""
    known: Observation = {}
    return {} if lifted(whole, settings, known) is None else known | {PLACE: places}


def even_facts(settings: LiftSettings, lightness: PerImage) -> Observation:
    """Facts of evenly lit pictures of which only the mean luma is known; nothing without a lift."""
    if settings.lift_target is None:
        return {}
    return {LOG_GAIN: even_log_gain(lightness, settings.lift_target)}


def _one_gain(images: Images, target: float) -> GainMap:
    return even_log_gain(mean_luma(images), target)
