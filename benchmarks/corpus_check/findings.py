"""What a corpus run can find: kinds of faults, and which of them a warning of the program explains."""

from dataclasses import dataclass, replace

KINDS = (
    *(
        "run",
        "stderr",
        "original",
        "internal",
        "refused",
        "unreadable",
        "size",
        "frames",
        "timing",
        "alpha",
        "channels",
    ),
    *("depth", "profile", "color", "exif", "xmp", "iptc", "maker"),
)
"""Columns of the table; ``docs/reliability.md`` says what each compares."""

DELIBERATE = frozenset({"unsupported", "too_large", "conflict"})
"""Codes of failures that do not say that the file is damaged."""

_EXPLAINED = {
    "metadata": {"exif", "xmp", "iptc", "maker"},
    "icc": {"profile", "color"},
    "icc_8bit": {"depth"},
    "cmyk_to_rgb": {"profile", "channels"},
    "depth_8bit": {"depth"},
    "degraded": {"size", "frames", "timing", "alpha", "color"},
    "extension": set(),
}
"""Warning code -> kinds of faults that it announces."""

_BY_NEW_CODES = {"profile", "color", "depth", "channels"}
"""What a code that is not in the table may announce."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that differs from what was to be expected.

    Attributes:
        kind: One of ``KINDS``.
        file: The original, or what the fault is about.
        text: What differs.
        warned: Whether the program announced it by a warning.
    """

    kind: str
    file: str
    text: str
    warned: bool = False


def explained(fault: Fault, warnings: tuple[str, ...]) -> Fault:
    """The fault, marked where a warning of the same image announces its kind."""
    kinds = set().union(*(_EXPLAINED.get(code, _BY_NEW_CODES) for code in warnings))
    return replace(fault, warned=fault.kind in kinds)
