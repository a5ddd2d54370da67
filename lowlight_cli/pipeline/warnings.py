"""Passes on each kind of warning once per run."""

from collections.abc import Callable


class Warnings:
    """Passes on the first warning of each kind.

    Args:
        on_warning: Called with each new text, in the thread that warns.
    """

    def __init__(self, on_warning: Callable[[str], None] = lambda text: None) -> None:
        self._on_warning = on_warning
        self._seen: set[str] = set()

    def warn_once(self, kind: str, text: str) -> None:
        """Passes on a warning, unless there was one of its kind before.

        Args:
            kind: Identifies equal warnings, whose texts may differ in numbers.
            text: One line for the user.
        """
        if kind not in self._seen:
            self._seen.add(kind)
            self._on_warning(text)
