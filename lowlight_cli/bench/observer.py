"""Interface of observers of a measurement: one method per event."""

from lowlight_cli.bench.result import Failure


class BenchObserver:
    """Ignores all events; override the methods of interest."""

    def step(self, text: str) -> None:
        """A step begins.

        Args:
            text: What is done, in a few words.
        """

    def warning(self, text: str) -> None:
        """A run deviates from the settings, or the numbers may be off."""

    def failed(self, failure: Failure) -> None:
        """A photo failed; the measurement goes on without it."""
