"""One part of a run that several machines share: which images it enhances, and how it is numbered.

The parts do not talk to each other: which part an image belongs to follows from its name alone.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lowlight_cli.errors import UsageError

AUTO = "auto"

_SLURM_ID, _KUBERNETES_INDEX = "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"
_SLURM_MIN, _SLURM_MAX, _SLURM_COUNT, _SLURM_STEP = (
    f"SLURM_ARRAY_TASK_{name}" for name in ("MIN", "MAX", "COUNT", "STEP")
)
_COUNT = "LLE_SHARDS"


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``index`` of ``count`` parts of a run.

    Attributes:
        index: Number of the part, from 0.
        count: Number of parts.

    Raises:
        UsageError: There is no such part.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            last = f"; the last one is {self.count - 1}/{self.count}" if self.count else ""
            raise UsageError(f"there is no shard {self}: shards count from 0{last}")

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def ending(self) -> str:
        """Ending of the names of its records: ``-0-of-4``."""
        return f"-{self.index}-of-{self.count}"

    def holds(self, relative: Path) -> bool:
        """Whether an image belongs to this part; exactly one of ``count`` parts holds it.

        Args:
            relative: Path of the image in the mirrored tree. Unicode forms of one name belong together.
        """
        name = os.fsencode(unicodedata.normalize("NFC", relative.as_posix()))
        digest = hashlib.blake2b(name, digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.index


def parse_shard(text: str, environment: Mapping[str, str]) -> Shard:
    """A shard as it is given on the command line.

    Args:
        text: ``0/4``, or ``auto`` for that of a Slurm array task or of a Pod of a Kubernetes indexed Job.
        environment: Environment variables, which ``auto`` reads.

    Raises:
        UsageError: The text is not valid, there is no such shard, or a variable is missing.
    """
    if text == AUTO:
        return _of_slurm(environment) if _SLURM_ID in environment else _of_kubernetes(environment)
    found = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
    if not found:
        raise UsageError(f"--shard takes i/n, such as 0/4, or auto; '{text}' is neither")
    return Shard(int(found[1]), int(found[2]))


def _of_slurm(environment: Mapping[str, str]) -> Shard:
    """The shard of a Slurm array task; with ``LLE_SHARDS``, tasks count from 0 whatever the array is."""
    number = _integer(environment, _SLURM_ID)
    if _COUNT in environment:
        return Shard(number, _integer(environment, _COUNT))
    missing = [name for name in (_SLURM_MIN, _SLURM_COUNT) if name not in environment]
    if missing:
        raise UsageError(f"--shard auto found {_SLURM_ID}, but not {' and '.join(missing)}; set {_COUNT}")
    count = _integer(environment, _SLURM_COUNT)
    step = max(_integer(environment, _SLURM_STEP), 1) if _SLURM_STEP in environment else 1
    first = _integer(environment, _SLURM_MIN)
    last = _integer(environment, _SLURM_MAX) if _SLURM_MAX in environment else first + (count - 1) * step
    index, rest = divmod(number - first, step)
    if rest or not 0 <= index < count or (last - first) // step + 1 != count:
        raise UsageError(
            f"task {number} is not one of {count} tasks without gaps; "
            f"set {_COUNT} to the number of shards, and number the tasks from 0"
        )
    return Shard(index, count)


def _of_kubernetes(environment: Mapping[str, str]) -> Shard:
    if _KUBERNETES_INDEX not in environment:
        raise UsageError(
            f"--shard auto needs {_SLURM_ID} (Slurm array) or {_KUBERNETES_INDEX} (Kubernetes indexed Job), "
            "and neither is set; name the shard, as in --shard 0/4"
        )
    if _COUNT not in environment:
        raise UsageError(
            f"--shard auto found {_KUBERNETES_INDEX}, but not the number of shards; "
            f"set {_COUNT} to the completions of the Job"
        )
    return Shard(_integer(environment, _KUBERNETES_INDEX), _integer(environment, _COUNT))


def _integer(environment: Mapping[str, str], name: str) -> int:
    try:
        return int(environment[name])
    except ValueError:
        raise UsageError(f"{name} is '{environment[name]}', which is not a number") from None
