"""Where to look closely: the darkest and the brightest part of a picture."""

from typing import NamedTuple

import cv2
import numpy as np

from lowlight_cli.reports.view import View

WIDTH, HEIGHT = 168, 112
"""Pixels of a region, shown one to one."""

_GRID = 24


class Region(NamedTuple):
    """A part of a picture: its first row and column, and its size in pixels."""

    top: int
    left: int
    height: int
    width: int


def brightest_and_darkest(view: View) -> tuple[Region, Region]:
    """The regions with the highest and the lowest mean brightness, on a grid of possible places."""
    height, width = view.luma.shape
    tall, wide = min(HEIGHT, height), min(WIDTH, width)
    sums = cv2.integral(view.luma)
    tops, lefts = _places(height - tall), _places(width - wide)
    means = (
        sums[np.ix_(tops + tall, lefts + wide)]
        - sums[np.ix_(tops, lefts + wide)]
        - sums[np.ix_(tops + tall, lefts)]
        + sums[np.ix_(tops, lefts)]
    )
    return _region(means.argmax(), tops, lefts, tall, wide), _region(means.argmin(), tops, lefts, tall, wide)


def _places(room: int) -> np.ndarray:
    return np.unique(np.linspace(0, room, _GRID).astype(int))


def _region(place: np.intp, tops: np.ndarray, lefts: np.ndarray, height: int, width: int) -> Region:
    row, column = divmod(int(place), len(lefts))
    return Region(int(tops[row]), int(lefts[column]), height, width)
