"""What makes a result worth a look, each with its threshold."""

from collections.abc import Callable
from dataclasses import dataclass

from lowlight_cli.catalog import Catalog
from lowlight_cli.reports.measure import Measures

CLIPPED_SHARE = 0.03
CAST_DELTA_E = 17.0
"""Both: of 56 real dark photos and long exposures of the same scenes, 95 % stay below; a limit that a perfect
result exceeds says nothing."""
DEEP_SHARE = 0.25
NOISE_TIMES = 2.0
SEAM_TIMES = 3.0
"""Of 34 results of real photos without tiles the highest has 2.8; tiles side by side without overlap reach
2.7 to 4.8."""
BLACK_LUMA = 0.004
"""Of the range: one step of 8 bits."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to look.

    Attributes:
        label: In a word or two.
        symbol: A shape that tells it apart without color.
        meaning: What was found, and beyond which threshold.
        applies: Whether it holds for a pair.
    """

    label: str
    symbol: str
    meaning: str
    applies: Callable[[Measures], bool]


FLAGS: Catalog[Flag] = Catalog(
    "flag",
    {
        "blank": Flag(
            "blank",
            "■",
            "The result is black or of one color, and the original is not.",
            lambda pair: _is_blank(pair) and not pair.before.constant,
        ),
        "clipped": Flag(
            "clipped",
            "▲",
            f"More than {CLIPPED_SHARE:.0%} of the pixels lost their highlights.",
            lambda pair: pair.after.clipped - pair.before.clipped > CLIPPED_SHARE,
        ),
        "dark": Flag(
            "still dark",
            "▼",
            f"More than {DEEP_SHARE:.0%} of the pixels are still darker than 5% of the range.",
            lambda pair: pair.after.deep > DEEP_SHARE and not _is_blank(pair),
        ),
        "cast": Flag(
            "colour",
            "◆",
            f"The color of the light moved by ΔE {CAST_DELTA_E:g} or more.",
            lambda pair: pair.cast >= CAST_DELTA_E,
        ),
        "noise": Flag(
            "noise",
            "▦",
            f"Noise grew to more than {NOISE_TIMES:g} times what it was.",
            lambda pair: pair.noise > NOISE_TIMES,
        ),
        "seams": Flag(
            "seams",
            "┼",
            f"Straight steps at regular distances, {SEAM_TIMES:g} times as high as those around them.",
            lambda pair: pair.seams > SEAM_TIMES,
        ),
    },
)
"""All reasons, the gravest first."""


def flags_of(pair: Measures) -> tuple[str, ...]:
    """Names of the flags that apply, in the order of the table."""
    return tuple(name for name, flag in FLAGS.items() if flag.applies(pair))


def _is_blank(pair: Measures) -> bool:
    return pair.after.constant or pair.after.luma < BLACK_LUMA
