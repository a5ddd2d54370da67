"""What the warning codes of a picture mean, in words."""

from lowlight_cli.catalog import Catalog

WARNING_TEXTS: Catalog[str] = Catalog(
    "warning",
    {
        "metadata": "some of the metadata is damaged or has no place in the result",
        "icc": "the color profile is broken; the colors are taken for sRGB",
        "icc_8bit": "this color profile works in 8 bits only; the 16 bits were rounded",
        "icc_to_srgb": "the color profile or gamma cannot be written to; the result is sRGB",
        "color": "the file names colors that are unknown; they are taken for sRGB",
        "hdr_to_sdr": "the high dynamic range (PQ, HLG) became sRGB",
        "cmyk_to_rgb": "the inks of CMYK became RGB",
        "depth_8bit": "of more than 8 bits per channel, 8 were read",
        "channels": "further channels, neither color nor opacity, were left out",
        "degraded": "the file breaks off; what was there is in the result",
        "extension": "the name says another format than the content",
    },
)


def explain(code: str) -> str:
    """A warning for a person: its code, and what it means."""
    return f"{code}: {WARNING_TEXTS[code]}" if code in WARNING_TEXTS else code
