"""A descriptor of its own for what the program says, so that libraries can be muted beside it."""

import os
import sys
from contextlib import suppress


def keep_own_stderr() -> None:
    """Moves Python's stderr to another descriptor that leads to the same place.

    From then on ``libraries_muted`` can shut descriptor 2 and no word of the program is lost.
    """
    if sys.stderr is None:
        return
    with suppress(OSError, ValueError):  # closed by whoever started the program
        sys.stderr.flush()
        sys.stderr = os.fdopen(
            os.dup(sys.stderr.fileno()),
            "w",
            buffering=1,
            encoding=sys.stderr.encoding,
            errors=sys.stderr.errors,
        )
