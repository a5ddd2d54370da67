"""How picture files are read and written; torch-free."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_PIXELS = 400_000_000
"""Width times height, per frame, above which a picture is refused before it is decoded."""

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

    max_pixels: Annotated[int, Field(ge=1)] = MAX_PIXELS
    allow_truncated: bool = False
    frames: Literal["all", "first", "error"] = "all"


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

    quality: Annotated[int, Field(ge=1, le=100)] = 95
    subsampling: Literal["keep", "444", "420"] = "keep"
    compression: Annotated[int, Field(ge=0, le=9)] = 6
    bit_depth: Literal["keep", "8", "16"] = "keep"
    metadata: Literal["keep", "safe", "strip"] = "keep"
    icc: Literal["keep", "srgb"] = "keep"
    flatten: Color | None = None
