"""Versions of installed packages."""


def version_of(package: str) -> str | None:
    """Version of an installed package; None where it is not installed, as when run from a checkout.

    Args:
        package: The name it is installed by, such as ``lowlight-cli``.
    """
    # Takes longer to import than ``lle --help`` should spend on what it does not show.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None
