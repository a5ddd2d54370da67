"""Things a user should hear of once in a run, however often they happen."""

from collections.abc import Callable


class Warnings:
    """Passes each text on the first time it comes.

    Args:
        tell: Is given each new text, in the thread that noticed.
    """

    def __init__(self, tell: Callable[[str], None] = lambda text: None) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def once(self, kind: str, text: str) -> None:
        """Tells a text, unless one of its kind was told before.

        Args:
            kind: What makes two texts the same news; numbers in the text may differ.
            text: One line for a person.
        """
        if kind not in self._told:
            self._told.add(kind)
            self._tell(text)
