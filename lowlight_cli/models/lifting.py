"""Exposure lift as models use it: before the network, and again where its result is put together."""

from typing import Literal, NamedTuple, Protocol, runtime_checkable

import torch
from torch.nn.functional import avg_pool2d

from lowlight_cli.layers.exposure import gain_plane, lift, luma, mean_luma
from lowlight_cli.layers.local_lift import even_log_gain, log_gain_map, log_gain_of, measure_light, spread
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
        """Colours, and the gain as a fourth plane."""
        return torch.cat([self.images, gain_plane(self.log_gain, self.images)], dim=1)


def lifted(images: Images, target: float, kind: LiftKind, known: Observation) -> Lifted:
    """Lifts pictures, or parts of pictures.

    Args:
        images: sRGB in [0, 1].
        target: Lightness to lift to.
        kind: How gains are found where they are not known.
        known: Facts of the whole pictures; ``log_gain`` is added where it is missing. ``place`` says where
            parts lie; without it the images are whole pictures.
    """
    if LOG_GAIN not in known:
        known[LOG_GAIN] = log_gain_map(images, target) if kind == "local" else _one_gain(images, target)
    log_gain = log_gain_of_pixels(images, known)
    return Lifted(lift(images, log_gain.exp()), log_gain)


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
    if settings.lift_target is None:
        return {}
    known: Observation = {}
    lifted(whole, settings.lift_target, settings.lift, known)
    return known | {PLACE: places}


def even_facts(settings: LiftSettings, lightness: PerImage) -> Observation:
    """Facts of evenly lit pictures of which only the mean luma is known; nothing without a lift."""
    if settings.lift_target is None:
        return {}
    return {LOG_GAIN: even_log_gain(lightness, settings.lift_target)}


def _one_gain(images: Images, target: float) -> GainMap:
    return even_log_gain(mean_luma(images), target)
