"""Settings of the darkening; torch-free. docs/models/darkening.md explains the figures."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
PerChannel = tuple[Positive, Positive, Positive]


class Spread(BaseModel):
    """A positive number drawn log-normally: ``median * factor ** z``, with z normal and clamped to [-2, 2].

    Every draw lies between ``median / factor ** 2`` and ``median * factor ** 2``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: Positive
    factor: Annotated[float, Field(ge=1.0)] = 1.0

    def at(self, z: float) -> float:
        """The number for a draw ``z`` of a normal distribution."""
        return self.median * self.factor ** min(max(z, -2.0), 2.0)


class Camera(BaseModel):
    """Distribution of the conditions under which one kind of camera takes dark images.

    All amounts are in linear light, where the white of the dark image's file is 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exposure: Spread
    """Fraction of light kept at middle gray (0.18 in linear light)."""

    headroom: Spread
    """Compression of highlights in the bright image, undone before darkening; 1 is none."""

    cast: Spread
    """Gain of red and of blue relative to green."""

    shot: Spread
    """Variance of the photon noise per unit of light, in green."""

    read: Spread
    """Standard deviation of the read noise, in green."""

    speckle: Spread
    """Standard deviation per unit of light of the noise proportional to the light, in green."""

    grain: Spread
    """Weight of the neighbors in the 3x3 kernel of the noise (center 1); demosaicing gives 0.1 to 0.3."""

    blotch: Spread
    """Standard deviation of the coarse color noise, relative to that of the fine noise."""

    pedestal: Spread
    """Offset of the black level, mean of the three channels."""

    contrast: Spread
    """Exponent on the sRGB values of the dark image; above 1 darkens shadows."""


MEASURED = Camera(
    exposure=Spread(median=1 / 130, factor=1.3),
    headroom=Spread(median=3.7, factor=2.2),
    cast=Spread(median=0.75, factor=1.15),
    shot=Spread(median=6e-6, factor=1.35),
    read=Spread(median=1.1e-4, factor=1.2),
    speckle=Spread(median=0.034, factor=1.2),
    grain=Spread(median=0.145, factor=1.1),
    blotch=Spread(median=0.03, factor=1.5),
    pedestal=Spread(median=1.14e-3, factor=1.13),
    contrast=Spread(median=1.0, factor=1.02),
)
"""The camera of the 62 measured pairs."""

WIDE = Camera(
    exposure=Spread(median=1 / 9, factor=2.1),
    headroom=Spread(median=3.0, factor=2.0),
    cast=Spread(median=1.0, factor=1.2),
    shot=Spread(median=2e-4, factor=2.5),
    read=Spread(median=4e-4, factor=2.2),
    speckle=Spread(median=0.006, factor=2.0),
    grain=Spread(median=0.25, factor=1.5),
    blotch=Spread(median=0.25, factor=1.7),
    pedestal=Spread(median=2e-4, factor=2.5),
    contrast=Spread(median=1.0, factor=1.15),
)
"""Any other camera: 1/2 to 1/40 of the light kept, more noise, and more varied response."""


Weight = Annotated[float, Field(ge=0.0)]
Stops = Annotated[float, Field(ge=0.0)]
Quality = Annotated[int, Field(ge=1, le=100)]
Degrees = Annotated[float, Field(ge=0.0, le=360.0)]


class UnevenLight(BaseModel):
    """Light that varies within an image; darkness is in stops (powers of two).

    Values are chosen by judgment, not measured: docs/models/darkening.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    smooth_weight: Weight = 26.0
    """Weight of a smooth light field alone, relative to the next two."""

    backlit_weight: Weight = 26.0
    """Weight of backlight alone: bright areas keep their light, dark areas get darker, along edges."""

    both_weight: Weight = 14.0
    """Weight of a smooth field together with backlight."""

    noise_weight: Weight = 30.0
    """Weight of a smooth field of noise with 2x2 to 5x5 nodes, relative to the next two."""

    lamps_weight: Weight = 30.0
    """Weight of a smooth field of one to three lamps, with the inverse square of the distance."""

    area_weight: Weight = 40.0
    """Weight of a smooth field that is a half plane, box or ellipse with a soft border."""

    inverted_share: Share = 0.35
    """Fraction of areas that are dark inside rather than outside."""

    smooth_depth: tuple[Stops, Stops] = (1.5, 5.0)
    """Least and most stops of a smooth field."""

    backlit_depth: tuple[Stops, Stops] = (1.5, 4.5)
    """Least and most stops of backlight."""

    deepest: Stops = 6.5
    """Most stops in all."""

    dimming: Stops = 0.72
    """Standard deviation, in stops, of the half-normal darkness of the lit part."""

    dim_share: Share = 0.2
    """Fraction of images whose lit part keeps a uniformly drawn fraction of its light (``dim``) instead."""

    dim: tuple[Share, Share] = (0.08, 0.5)

    cast_power: Share = 0.5
    """Exponent on the camera's color cast; below 1 weakens it."""

    deep_luma: Share = 0.077
    """Mean luma below which images count as deep: they need a gain of 8 to reach 0.4."""

    deep_jpeg_share: Share = 0.5
    """Fraction of deep images that are compressed as JPEG."""

    deep_jpeg_quality: tuple[Quality, Quality] = (40, 95)

    @model_validator(mode="after")
    def _has_something_to_draw(self) -> "UnevenLight":
        kinds = self.smooth_weight + self.backlit_weight + self.both_weight
        if kinds <= 0 or self.noise_weight + self.lamps_weight + self.area_weight <= 0:
            raise ValueError("all weights of a group are 0; set one of them above 0")
        return self


class DarkeningSettings(BaseModel):
    """Distributions that ``darken`` draws from, separately for each image."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    measured: Camera = MEASURED
    wide: Camera = WIDE

    measured_share: Share = 0.6
    """Fraction of images darkened by the ``measured`` camera; the rest by ``wide``."""

    noise_tint: PerChannel = (1.85, 1.0, 1.8)
    """Standard deviation of the noise in red, green and blue relative to green, after white balance."""

    pedestal_tint: PerChannel = (1.28, 0.64, 1.08)
    """Black level of red, green and blue relative to their mean; blacks turn purple."""

    jpeg_share: Share = 0.3
    jpeg_quality: tuple[Quality, Quality] = (60, 95)
    """Lowest and highest quality of the images that are compressed as JPEG."""

    clean_share: Share = 0.0
    """Fraction of images left unchanged, so that models learn to keep well-lit images."""

    uneven_share: Share = 0.0
    """Fraction of images under uneven light, taken by ``wide``; the rest is under even light."""

    uneven: UnevenLight = UnevenLight()

    @model_validator(mode="after")
    def _shares_leave_none_below_zero(self) -> "DarkeningSettings":
        if self.clean_share + self.uneven_share > 1:
            raise ValueError("clean_share and uneven_share sum to more than 1; lower one of them")
        return self


MANY_NIGHTS = DarkeningSettings(
    measured_share=0.35,
    wide=WIDE.model_copy(update={"exposure": Spread(median=1 / 6, factor=2.2)}),
)
"""More of the wide camera, and exposures up to almost no darkening, so that dusk keeps its highlights."""

UNEVEN_NIGHTS = MANY_NIGHTS.model_copy(update={"clean_share": 0.15, "uneven_share": 0.6})
"""15 % clean images, 25 % under even light as in ``MANY_NIGHTS``, and 60 % under uneven light."""


BLURRED_NIGHTS = DarkeningSettings(
    measured_share=0.25,
    wide=WIDE.model_copy(
        update={
            "exposure": Spread(median=1 / 13.4, factor=1.495),
            "headroom": Spread(median=1.8, factor=1.8),
            "cast": Spread(median=1.0, factor=1.1),
        }
    ),
    noise_tint=(1.4, 1.0, 1.4),
    clean_share=0.1,
    uneven_share=0.3,
)
"""Nights for photos that may be blurred: the wide camera keeps 1/6 to 1/30 of the light, nearly neutral.

60 % under even light, a quarter of it taken by the measured camera; 30 % under uneven light, and 10 % clean.
"""


class BlurSettings(BaseModel):
    """Distributions that ``draw_movement`` draws from; chosen by judgment, not measured."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    share: Share = 0.6
    """Fraction of images taken with a moving camera."""

    length: Spread = Spread(median=15.5, factor=1.39)
    """Length of the path in pixels: 8 to 30."""

    curved_share: Share = 0.75
    """Fraction of paths that are smooth curves; the others are random walks with ``inertia``."""

    turn: tuple[Degrees, Degrees] = (0.0, 270.0)
    """Least and most degrees by which the direction of a smooth curve changes from its start to its end."""

    pace: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.5
    """Most change of the speed along a smooth curve, as a fraction of its mean; 0 for constant speed."""

    inertia: Spread = Spread(median=0.35, factor=2.2)
    """Fraction of the exposure for which a random walk keeps its direction: 1 straight, 0.1 a tremor."""

    lamps: Spread = Spread(median=6.0, factor=2.0)
    """Brightness of lamps as a multiple of white, at least 1, so that lamps leave streaks: 1.5 to 24."""

    lamp_level: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.94
    """sRGB value that all three channels of a lamp exceed."""

    saturated_share: Share = 0.7
    """Fraction of movements whose streaks clip at white before the light is dimmed; the streaks of the others
    clip at the white of the dark image."""

    @model_validator(mode="after")
    def _turns_from_least_to_most(self) -> "BlurSettings":
        if self.turn[0] > self.turn[1]:
            raise ValueError("the first number of turn is above the second; swap them")
        return self
