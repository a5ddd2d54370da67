"""Words that a user chooses from when naming what happens to files; free of heavy imports."""

from enum import StrEnum


class OnExist(StrEnum):
    """What to do about a result that is already there."""

    RESUME = "resume"
    SKIP = "skip"
    OVERWRITE = "overwrite"
    RENAME = "rename"
    ERROR = "error"
