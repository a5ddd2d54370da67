"""Where the time of a run goes: seconds in each stage of the engine, over all threads.

The engine does not measure its stages, so its parts are wrapped while a run is watched.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from gpu.clock import Clock
from lowlight_cli.pipeline import decode_ahead as read_ahead
from lowlight_cli.pipeline import frames
from lowlight_cli.pipeline import model_runner as forward
from lowlight_cli.pipeline.encode_behind import WriteBehind
from lowlight_cli.pipeline.model_runner import ModelRunner


class Stages:
    """Seconds by stage.

    "read" and "write" are sums over threads that work side by side, and so may exceed the time of the run;
    "forward" is all between pixels and pixels, of which "copy in", "model" and "copy out" are parts.

    Args:
        clock: Of the device that the run uses.
    """

    def __init__(self, clock: Clock) -> None:
        self.seconds: dict[str, float] = {}
        self._clock = clock
        self._lock = threading.Lock()

    @contextmanager
    def watched(self, *, on: bool) -> Iterator[None]:
        """Measures what runs inside.

        Args:
            on: Whether to measure at all.
        """
        parts = (
            ("read", read_ahead, "_read", False),
            ("write", WriteBehind, "_write", False),
            ("forward", ModelRunner, "__call__", True),
            ("copy in", forward, "to_images", True),
            ("model", ModelRunner, "model_pass", True),
            ("copy out", forward, "_outcome", True),
        )
        with ExitStack() as stack:
            if on:  # a pass that is begun has no parts that end one after the other
                stack.enter_context(patch.object(frames, "can_begin", lambda runner, pictures: False))
            for stage, owner, name, waits in parts if on else ():
                self.seconds[stage] = 0.0
                timed = self._timed(stage, getattr(owner, name), waits=waits)
                stack.enter_context(patch.object(owner, name, timed))
            yield

    def _timed(self, stage: str, real: Callable[..., Any], *, waits: bool) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the real one
            if waits:
                self._clock.wait()
            begin = time.perf_counter()
            try:
                return real(*arguments, **options)
            finally:
                if waits:
                    self._clock.wait()
                with self._lock:
                    self.seconds[stage] += time.perf_counter() - begin

        return call
