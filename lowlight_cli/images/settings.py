"""Defines the settings for reading and writing image files; torch-free."""

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
    """How image files are read.

    Attributes:
        max_pixels: Images with more pixels in a frame are rejected.
        allow_truncated: Whether to read the intact part of a truncated file, with the warning ``degraded``.
        frames: Frames to read from animations and multi-page files: all, the first, or an error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_pixels: Annotated[int, Field(ge=1)] = defaults.MAX_PIXELS
    allow_truncated: bool = False
    frames: FramesPolicy = FramesPolicy.ALL


class WriteSettings(BaseModel):
    """How image files are written.

    Attributes:
        quality: Quality of JPEG, WebP and AVIF.
        subsampling: Chroma subsampling of JPEG; ``keep`` uses that of a JPEG input and 4:4:4 for others.
        compression: Compression level of PNG and TIFF, 0 to 9.
        bit_depth: Bits per channel; ``keep`` uses those of the input if the format can hold them.
        metadata: ``keep`` all; ``safe`` removes location, serial numbers, owner and maker notes; ``strip``
            removes everything except the color profile.
        icc: ``keep`` the profile of the input, or write ``srgb``.
        flatten: Background color for transparent images in a format without transparency; None makes that an
            error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    quality: Annotated[int, Field(ge=1, le=100)] = defaults.QUALITY
    subsampling: Subsampling = Subsampling.KEEP
    compression: Annotated[int, Field(ge=0, le=9)] = defaults.COMPRESSION
    bit_depth: BitDepth = BitDepth.KEEP
    metadata: MetadataPolicy = MetadataPolicy.KEEP
    icc: ProfilePolicy = ProfilePolicy.KEEP
    flatten: Color | None = None
