"""Values of options about output files; free of heavy imports."""

from enum import StrEnum


class OnExist(StrEnum):
    """What to do when an output exists."""

    RESUME = "resume"
    SKIP = "skip"
    OVERWRITE = "overwrite"
    RENAME = "rename"
    ERROR = "error"
