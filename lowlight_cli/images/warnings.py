"""Explains the warning codes of images.

A file of its own, because the codes belong to the readers of this package, not to the progress display.
"""

from lowlight_cli.catalog import Catalog

WARNING_TEXTS: Catalog[str] = Catalog(
    "warning",
    {
        "metadata": "some metadata was left out: it is damaged, or the output format cannot hold it",
        "icc": "the color profile is damaged; the colors are read as sRGB",
        "icc_8bit": "this type of color profile is converted in 8 bits; 16-bit samples were rounded",
        "icc_to_srgb": "the color profile or gamma cannot be written to; the output is sRGB",
        "color": "the color space is unknown; the colors are read as sRGB",
        "hdr_to_sdr": "high dynamic range (PQ, HLG) was converted to sRGB",
        "cmyk_to_rgb": "CMYK was converted to RGB",
        "depth_8bit": "the file has more than 8 bits per channel; 8 were read",
        "channels": "extra channels other than opacity were left out",
        "degraded": "the file is truncated; the missing part is gray or black",
        "extension": "the file extension does not match the format of the content",
    },
)


def explain(code: str) -> str:
    """A warning code with its explanation."""
    return f"{code}: {WARNING_TEXTS[code]}" if code in WARNING_TEXTS else code
