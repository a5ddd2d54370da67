"""How picture files are read and written; torch-free."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from lowlight_cli import defaults
from lowlight_cli.images.choices import BitDepth, FramesPolicy, MetadataPolicy, ProfilePolicy, Subsampling

Color = tuple[
    Annotated[int, Field(ge=0, le=255)],
    Annotated[int, Field(ge=0, le=255)],
    Annotated[int, Field(ge=0, le=255)],
]


class ReadSettings(BaseModel):
    """How files become pictures.

    Attributes:
        max_pixels: Pictures with more pixels in a frame are refused.
        allow_truncated: Whether a file that was cut short is read as far as it goes, with the warning
            ``degraded``.
        frames: What to do about animations and pages: all of them, the first, or an error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_pixels: Annotated[int, Field(ge=1)] = defaults.MAX_PIXELS
    allow_truncated: bool = False
    frames: FramesPolicy = FramesPolicy.ALL


class WriteSettings(BaseModel):
    """How pictures become files.

    Attributes:
        quality: Of JPEG, WebP and AVIF.
        subsampling: Of JPEG color; ``keep`` takes that of a JPEG source and 4:4:4 for any other.
        compression: Effort spent on PNG, 0 to 9.
        bit_depth: Bits per channel; ``keep`` takes those of the source where the format can hold them.
        metadata: ``keep`` all, ``safe`` leaves out place, serial numbers, owner and maker notes, ``strip``
            leaves out everything but the color profile.
        icc: ``keep`` the profile of the source, or write ``srgb``.
        flatten: Background for pictures with transparency in a format without; None makes that an error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    quality: Annotated[int, Field(ge=1, le=100)] = defaults.QUALITY
    subsampling: Subsampling = Subsampling.KEEP
    compression: Annotated[int, Field(ge=0, le=9)] = defaults.COMPRESSION
    bit_depth: BitDepth = BitDepth.KEEP
    metadata: MetadataPolicy = MetadataPolicy.KEEP
    icc: ProfilePolicy = ProfilePolicy.KEEP
    flatten: Color | None = None
