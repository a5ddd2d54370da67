"""Versions of installed packages."""


def version_of(package: str) -> str | None:
    """Version of an installed package; None if it is not installed, as when run from a checkout.

    Args:
        package: Distribution name, such as ``lowlight-cli``.
    """
    # A slow import, which ``lle --help`` does not need.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None
