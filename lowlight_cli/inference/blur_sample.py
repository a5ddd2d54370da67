"""Which pictures of a run are measured for blur: all of a small run, an even spread of a large one.

The hint about blur needs no more, and measuring takes nearly as long as decoding a small JPEG.
"""

SAMPLE_SIZE = 100
"""Pictures measured at most."""


def is_in_sample(index: int, count: int) -> bool:
    """Whether a picture is measured; it depends on its place alone, so not on threads or speed.

    Of more than ``SAMPLE_SIZE`` pictures exactly so many are, at even distances.

    Args:
        index: Place of the picture among those that the run makes, from 0.
        count: Number of pictures that the run makes.
    """
    share = min(SAMPLE_SIZE, count)
    return (index + 1) * share // count > index * share // count
