"""Settings of the darkening; torch-free. The figures come from docs/models/darkening.md."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
PerChannel = tuple[Positive, Positive, Positive]


class Spread(BaseModel):
    """A positive number drawn log-normally: ``median * factor ** z``, with z normal and cut at two.

    So no draw lies outside of ``median / factor ** 2`` to ``median * factor ** 2``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: Positive
    factor: Annotated[float, Field(ge=1.0)] = 1.0


class Camera(BaseModel):
    """How one kind of camera and night turns a well-lit picture into a dark one.

    All amounts are in linear light, where the white of the dark picture's file is 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exposure: Spread
    """Light kept at middle gray (0.18 in linear light)."""

    headroom: Spread
    """How far the bright picture's shoulder squeezed white; 1 is none. Undone before darkening."""

    cast: Spread
    """Gain of each of red and blue against green."""

    shot: Spread
    """Variance of the photon noise for each unit of light, in green."""

    read: Spread
    """Standard deviation of the read noise, in green."""

    speckle: Spread
    """Standard deviation of the noise that grows with the light itself, in green, for each unit of light."""

    grain: Spread
    """Weight of the neighbors in the noise's 3x3 kernel, whose center is 1; demosaicing gives 0.1 to 0.3."""

    blotch: Spread
    """Standard deviation of the coarse color noise, in units of the fine noise's."""

    pedestal: Spread
    """Offset of the black level, mean of the three channels."""

    contrast: Spread
    """Power on the sRGB values of the dark picture; above 1 is darker shadows."""


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
"""Any other camera: light kept from 1/2 to 1/40, more noise, more kinds of response."""


Weight = Annotated[float, Field(ge=0.0)]
Stops = Annotated[float, Field(ge=0.0)]
Quality = Annotated[int, Field(ge=1, le=100)]


class UnevenLight(BaseModel):
    """Light that differs within one picture; amounts of darkness are in stops (powers of two).

    By judgment, not measured: docs/models/darkening.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    smooth_weight: Weight = 26.0
    """How often a smooth light field alone is drawn, relative to the two weights that follow."""

    backlit_weight: Weight = 26.0
    """How often backlight alone is drawn: bright areas stay, dark ones sink, along edges."""

    both_weight: Weight = 14.0
    """How often a smooth field and backlight are drawn together."""

    noise_weight: Weight = 30.0
    """How often a smooth field is noise of 2x2 to 5x5 nodes, relative to the two weights that follow."""

    lamps_weight: Weight = 30.0
    """How often a smooth field is the light of one to three lamps, by the inverse square of the distance."""

    area_weight: Weight = 40.0
    """How often a smooth field is a half plane, box or ellipse with a soft border."""

    inverted_share: Share = 0.35
    """Part of the areas that are dark inside rather than outside."""

    smooth_depth: tuple[Stops, Stops] = (1.5, 5.0)
    """Least and most stops of a smooth field."""

    backlit_depth: tuple[Stops, Stops] = (1.5, 4.5)
    """Least and most stops of backlight."""

    deepest: Stops = 6.5
    """Most stops in all."""

    dimming: Stops = 0.72
    """Standard deviation, in stops, of the half-normal darkness of the lit part."""

    dim_share: Share = 0.2
    """Part of the pictures whose lit part keeps a uniformly drawn share of its light, ``dim``, instead."""

    dim: tuple[Share, Share] = (0.08, 0.5)

    cast_power: Share = 0.5
    """Power on the camera's color cast; below 1 is a weaker cast."""

    deep_luma: Share = 0.077
    """Pictures whose mean luma is below are deep: it takes a gain of 8 to bring them to 0.4."""

    deep_jpeg_share: Share = 0.5
    """Part of the deep pictures that go through JPEG."""

    deep_jpeg_quality: tuple[Quality, Quality] = (40, 95)

    @model_validator(mode="after")
    def _has_something_to_draw(self) -> "UnevenLight":
        kinds = self.smooth_weight + self.backlit_weight + self.both_weight
        if kinds <= 0 or self.noise_weight + self.lamps_weight + self.area_weight <= 0:
            raise ValueError("all weights of a group are 0")
        return self


class DarkeningSettings(BaseModel):
    """What ``darken`` draws from; each picture gets numbers of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    measured: Camera = MEASURED
    wide: Camera = WIDE

    measured_share: Share = 0.6
    """Part of the pictures darkened by ``measured``; the rest by ``wide``."""

    noise_tint: PerChannel = (1.85, 1.0, 1.8)
    """Standard deviation of the noise in red, green and blue against green's, after white balance."""

    pedestal_tint: PerChannel = (1.28, 0.64, 1.08)
    """Black level of red, green and blue against their mean: blacks lean to purple."""

    jpeg_share: Share = 0.3
    jpeg_quality: tuple[Quality, Quality] = (60, 95)
    """Lowest and highest quality of the pictures that go through JPEG."""

    clean_share: Share = 0.0
    """Part of the pictures that stay as they are, so that well-lit pictures are left alone."""

    uneven_share: Share = 0.0
    """Part of the pictures under uneven light, taken by ``wide``; the rest is under even light."""

    uneven: UnevenLight = UnevenLight()

    @model_validator(mode="after")
    def _shares_leave_none_below_zero(self) -> "DarkeningSettings":
        if self.clean_share + self.uneven_share > 1:
            raise ValueError("clean_share and uneven_share sum to more than 1")
        return self


MANY_NIGHTS = DarkeningSettings(
    measured_share=0.35,
    wide=WIDE.model_copy(update={"exposure": Spread(median=1 / 6, factor=2.2)}),
)
"""More of the wide camera, down to nearly no darkening, so that highlights of dusk are not burnt out."""

UNEVEN_NIGHTS = MANY_NIGHTS.model_copy(update={"clean_share": 0.15, "uneven_share": 0.6})
"""Clean photos (15 %), photos under even light as in ``MANY_NIGHTS`` (25 %) and under uneven light (60 %)."""


class BlurSettings(BaseModel):
    """What ``draw_movement`` draws from; each picture gets a path of its own. By judgment, not measured."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    share: Share = 0.6
    """Part of the pictures taken with a moving camera."""

    length: Spread = Spread(median=9.0, factor=1.55)
    """Length of the path in pixels."""

    inertia: Spread = Spread(median=0.35, factor=2.2)
    """Part of the exposure over which a movement keeps its direction: 1 is nearly straight, 0.1 a tremor."""

    lamps: Spread = Spread(median=3.0, factor=2.0)
    """How much brighter than white lamps are, 1 at least; so they leave streaks where all else is smeared."""

    lamp_level: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.94
    """Value of sRGB above which all three channels of a lamp are."""
