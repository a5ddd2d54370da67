"""Writes a number with its noun: ``1 image``, ``2 images``, ``1,200 images``."""


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun in the right number.

    Args:
        count: How many.
        singular: Noun for exactly one.
        plural: Noun for any other count; ``singular`` with an s by default.

    >>> counted(1, "pair"), counted(2, "pair"), counted(1200, "copy", "copies")
    ('1 pair', '2 pairs', '1,200 copies')
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
