"""Settings of the darkening; torch-free. The figures come from docs/models/darkening.md."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

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
    """Light kept at middle grey (0.18 in linear light)."""

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
    """Weight of the neighbours in the noise's 3x3 kernel, whose centre is 1; demosaicing gives 0.1 to 0.3."""

    blotch: Spread
    """Standard deviation of the coarse colour noise, in units of the fine noise's."""

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
    jpeg_quality: tuple[Annotated[int, Field(ge=1, le=100)], Annotated[int, Field(ge=1, le=100)]] = (60, 95)
    """Lowest and highest quality of the pictures that go through JPEG."""


MANY_NIGHTS = DarkeningSettings(
    measured_share=0.35,
    wide=WIDE.model_copy(update={"exposure": Spread(median=1 / 6, factor=2.2)}),
)
"""More of the wide camera, down to nearly no darkening, so that highlights of dusk are not burnt out."""


class BlurSettings(BaseModel):
    """What ``draw_movement`` draws from; each picture gets a path of its own. By judgement, not measured."""

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
