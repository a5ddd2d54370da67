"""Choices about a run; free of heavy imports, so that help stays fast."""

from enum import StrEnum


class OnExist(StrEnum):
    """What to do when an output exists."""

    RESUME = "resume"
    SKIP = "skip"
    OVERWRITE = "overwrite"
    RENAME = "rename"
    ERROR = "error"


class Engine(StrEnum):
    """What runs the model: this program, or workers of Ray, also on other machines."""

    INLINE = "inline"
    RAY = "ray"


class RetryFailed(StrEnum):
    """Which images that failed in an earlier run are tried again."""

    CHANGED = "changed"
    ALWAYS = "always"


class Detail(StrEnum):
    """At which size large images are enhanced."""

    FULL = "full"
    FAST = "fast"
    AUTO = "auto"


AUTO_PIXELS = 6_000_000
"""Number of pixels above which ``Detail.AUTO`` works at reduced size."""


class DarkeningMethod(StrEnum):
    """How images are darkened: by a measured camera model, or by a trained network."""

    PHYSICAL = "physical"
    DRGN = "drgn"
    LIGHT = "lw-drgn"
