"""Defines who hears about an evaluation while it goes on: one method per event."""

from contextlib import AbstractContextManager, nullcontext

from lowlight_cli.datasets.matching import Problem
from lowlight_cli.evaluation.result import ScoredImage


class Observer:
    """Hears about an evaluation and does nothing; override the events of interest."""

    def warning(self, text: str) -> None:
        """Something that was asked for is left out."""

    def progress(self, total: int) -> AbstractContextManager[None]:
        """A context that is open while images are scored.

        Args:
            total: Number of images to score, of all methods together.
        """
        del total
        return nullcontext()

    def unpaired(self, method: str, problem: Problem) -> None:
        """A file has no partner, or its partner is not clear.

        Args:
            method: Name of the method whose images are paired.
            problem: Which file, and why.
        """

    def scored(self, method: str, image: ScoredImage) -> None:
        """An image was scored.

        Args:
            method: Name of the method that made it.
            image: Its scores.
        """

    def failed(self, method: str, problem: Problem) -> None:
        """An image could not be read, enhanced or scored.

        Args:
            method: Name of the method.
            problem: Which image, and why.
        """

    def crash(self, method: str, problem: Problem, error: BaseException) -> None:
        """An image failed because of a bug; ``failed`` follows.

        Args:
            method: Name of the method.
            problem: Which image.
            error: What was raised.
        """
