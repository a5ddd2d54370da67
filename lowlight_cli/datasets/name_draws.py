"""Random numbers from the name of an image, independent of order and of other images."""

import hashlib


def drawn_bits(name: str, seed: int, size: int) -> int:
    """A number that depends only on name and seed, uniform from 0 to below 2 ** (8 * ``size``).

    Args:
        name: Name of an image.
        seed: Random seed.
        size: Bytes of the number; different sizes are independent.
    """
    text = f"{seed}/{name}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=size).digest(), "big")
