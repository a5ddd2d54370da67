"""Reads the text of an option that names a folder or dataset and its share of the batches; torch-free."""

import math
from pathlib import Path

from lowlight_cli.errors import SettingsError


def split_weight(text: str) -> tuple[str, float | None]:
    """Splits ``NAME=0.5`` into the name and the share; the share is None if there is none.

    An existing folder whose name has a ``=`` is taken as it is.

    Raises:
        SettingsError: The name is that of a folder, and the share is no number above 0.
    """
    name, equals, weight = text.rpartition("=")
    if not equals or Path(text).exists():
        return text, None
    try:
        share = float(weight)
    except ValueError:
        share = math.nan
    if 0 < share < math.inf:
        return name, share
    if Path(name).exists():
        raise SettingsError(f"the share '{weight}' in '{text}' is not a number above 0")
    return text, None
