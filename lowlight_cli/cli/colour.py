"""Whether a stream gets colours; stdout and stderr are judged apart."""

import os
from io import StringIO, TextIOWrapper
from typing import TextIO

Stream = TextIO | TextIOWrapper | StringIO
"""Where text is written to; the classes stand beside their interface for the checks at run time."""


def wants_colour(stream: Stream, color: str = "auto") -> bool:
    """Whether to colour what is written to ``stream``.

    ``always`` and ``never`` decide. Else ``NO_COLOR``, unless empty, forbids it, ``FORCE_COLOR`` asks
    for it, and without either it takes a terminal that is not ``dumb``.

    Args:
        stream: stdout or stderr.
        color: ``auto``, ``always`` or ``never``.
    """
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
