"""Numbers drawn by the name of a picture, so that neither order nor other pictures count."""

import hashlib


def drawn_bits(name: str, seed: int, size: int) -> int:
    """A number that depends on name and seed alone.

    Args:
        name: Of a picture.
        seed: Another seed draws other numbers.
        size: Bytes of the number; each size draws for itself.

    Returns:
        From 0 to below 2 ** (8 * ``size``), each as likely.
    """
    text = f"{seed}/{name}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(text, digest_size=size).digest(), "big")
