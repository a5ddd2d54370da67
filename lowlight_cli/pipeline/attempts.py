"""What workers have begun and finished, kept where the death of a worker does not reach it.

Ray repeats a chunk whose worker died, without an end. So that an image that kills its worker is given up, and
images that are finished are not made again, each worker notes here what it does.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from lowlight_cli.pipeline.worker_messages import Finished, Message


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of the times that a chunk is begun.

    Attributes:
        number: Counts from 1.
        messages: What earlier attempts sent.
    """

    number: int
    messages: tuple[Message, ...] = ()


@runtime_checkable
class AttemptLog(Protocol):
    """What a worker needs of ``Attempts``, which another process may hold."""

    def begin(self, chunk: int) -> Attempt:
        """Notes that a chunk is begun."""
        ...

    def begin_alone(self, chunk: int, target: Path) -> int:
        """Notes that a job is begun again, alone; returns how often it was begun before."""
        ...

    def note(self, chunk: int, message: Message) -> None:
        """Keeps a message for the next attempt."""
        ...

    def end(self, chunk: int) -> None:
        """Notes that nobody works on a chunk for now."""
        ...


@dataclass(slots=True)
class _ChunkLog:
    attempts: int = 0
    is_active: bool = False
    begun_alone: Counter[Path] = field(default_factory=Counter)
    messages: list[Message] = field(default_factory=list)


class Attempts:
    """Attempts at all chunks of a run, and the request to stop it; runs in an asyncio event loop.

    Args:
        max_errors: Number of failures that stop the run; None for no limit.
    """

    def __init__(self, max_errors: int | None = None) -> None:
        self._chunks: dict[int, _ChunkLog] = {}
        self._failures_left = max_errors
        self._stopped = asyncio.Event()

    def begin(self, chunk: int) -> Attempt:
        """Notes that a chunk is begun.

        Args:
            chunk: Its number.
        """
        log = self._chunks.setdefault(chunk, _ChunkLog())
        log.attempts += 1
        log.is_active = True
        return Attempt(log.attempts, tuple(log.messages))

    def begin_alone(self, chunk: int, target: Path) -> int:
        """Notes that a job is begun again, alone; returns how often it was begun before.

        Args:
            chunk: Number of its chunk, which was begun more than once.
            target: Its output.
        """
        begun = self._chunks[chunk].begun_alone
        begun[target] += 1
        return begun[target]

    def note(self, chunk: int, message: Message) -> None:
        """Keeps a message for the next attempt, and stops the run if too many images have failed."""
        if log := self._chunks.get(chunk):
            log.messages.append(message)
        is_failure = isinstance(message, Finished) and message.row.status == "failed"
        if is_failure and self._failures_left is not None:
            self._failures_left -= 1
            if self._failures_left <= 0:
                self.stop()

    def end(self, chunk: int) -> None:
        """Notes that nobody works on a chunk for now."""
        if log := self._chunks.get(chunk):
            log.is_active = False

    def forget(self, chunks: Sequence[int]) -> None:
        """Drops what is known about chunks whose rows have arrived."""
        for chunk in chunks:
            self._chunks.pop(chunk, None)

    def stop(self) -> None:
        """Asks all workers to stop."""
        self._stopped.set()

    async def wait_for_stop(self) -> None:
        """Returns once the workers have to stop."""
        await self._stopped.wait()

    async def drain(self, wait_s: float) -> list[Message]:
        """Stops the workers, and returns the messages of all chunks that are not forgotten, in order.

        Args:
            wait_s: Seconds that the workers get to finish what they write.
        """
        self.stop()
        poll_s = 0.05
        while wait_s > 0 and any(log.is_active for log in self._chunks.values()):
            await asyncio.sleep(poll_s)
            wait_s -= poll_s
        return [message for number in sorted(self._chunks) for message in self._chunks[number].messages]
