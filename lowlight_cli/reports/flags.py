"""Reasons to look at a result, each with its threshold."""

from collections.abc import Callable
from dataclasses import dataclass

from lowlight_cli.catalog import Catalog
from lowlight_cli.reports.measure import Measures

CLIPPED_SHARE = 0.03
CAST_DELTA_E = 17.0
"""Both thresholds: 95 % of 56 pairs of a real dark photo and a long exposure of the same scene stay below."""
DEEP_SHARE = 0.25
NOISE_TIMES = 2.0
SEAM_TIMES = 3.0
"""The highest of 34 real results without tiles is 2.8; tiles without overlap reach 2.7 to 4.8."""
BLACK_LUMA = 0.004
"""Mean luma in [0, 1]: one 8-bit step."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to look at a result.

    Attributes:
        label: One or two words.
        symbol: A shape, so that flags differ without color.
        meaning: What was found, with the threshold.
        applies: Whether it holds for a pair.
        measured: What was measured in a pair, in words.
    """

    label: str
    symbol: str
    meaning: str
    applies: Callable[[Measures], bool]
    measured: Callable[[Measures], str]


FLAGS: Catalog[Flag] = Catalog(
    "flag",
    {
        "blank": Flag(
            "blank",
            "■",
            "The result is black or of one color, and the original is not.",
            lambda pair: _is_blank(pair) and not pair.before.constant,
            lambda pair: f"mean brightness {pair.after.luma:.1%}",
        ),
        "clipped": Flag(
            "clipped",
            "▲",
            f"More than {CLIPPED_SHARE:.0%} more of the pixels are clipped than before.",
            lambda pair: pair.after.clipped - pair.before.clipped > CLIPPED_SHARE,
            lambda pair: f"{pair.before.clipped:.1%} before, {pair.after.clipped:.1%} after",
        ),
        "dark": Flag(
            "still dark",
            "▼",
            f"More than {DEEP_SHARE:.0%} of the pixels are still darker than 5% of the range.",
            lambda pair: pair.after.deep > DEEP_SHARE and not _is_blank(pair),
            lambda pair: f"{pair.before.deep:.0%} before, {pair.after.deep:.0%} after",
        ),
        "cast": Flag(
            "color",
            "◆",
            f"The mean color changed by ΔE {CAST_DELTA_E:g} or more.",
            lambda pair: pair.cast >= CAST_DELTA_E,
            lambda pair: f"ΔE {pair.cast:.1f}",
        ),
        "noise": Flag(
            "noise",
            "▦",
            f"Noise is more than {NOISE_TIMES:g} times that of the original.",
            lambda pair: pair.noise > NOISE_TIMES,
            lambda pair: f"{pair.noise:.1f} times",
        ),
        "seams": Flag(
            "seams",
            "┼",
            f"Straight edges at regular distances, {SEAM_TIMES:g} times as high as those around them.",
            lambda pair: pair.seams > SEAM_TIMES,
            lambda pair: f"{pair.seams:.1f} times",
        ),
    },
)
"""All flags, the most serious first."""


def flags_of(pair: Measures) -> tuple[str, ...]:
    """Names of the flags that apply, in the order of the table."""
    return tuple(name for name, flag in FLAGS.items() if flag.applies(pair))


def _is_blank(pair: Measures) -> bool:
    return pair.after.constant or pair.after.luma < BLACK_LUMA
