"""Gives the program's messages a descriptor of their own, so that libraries can be muted.

A file of its own, because it runs before any other module is imported.
"""

import os
import sys
from contextlib import suppress


def keep_own_stderr() -> None:
    """Moves Python's stderr to another descriptor of the same file.

    ``libraries_muted`` can then close descriptor 2 without losing messages of the program.
    """
    if sys.stderr is None:
        return
    with suppress(OSError, ValueError):  # closed by the parent process
        sys.stderr.flush()
        sys.stderr = os.fdopen(
            os.dup(sys.stderr.fileno()),
            "w",
            buffering=1,
            encoding=sys.stderr.encoding,
            errors=sys.stderr.errors,
        )
