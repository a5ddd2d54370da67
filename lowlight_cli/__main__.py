"""Entry point of ``lle`` and ``python -m lowlight_cli``."""

import gc
import signal
from collections.abc import Callable
from typing import NoReturn

from lowlight_cli.cli.stderr import keep_own_stderr
from lowlight_cli.pipeline.signals import SIGNAL_BASE, leave


def run() -> NoReturn:
    """Runs the program and ends it with its exit code."""
    keep_own_stderr()
    code = import_main()()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left to interrupt
    if code > SIGNAL_BASE:
        leave(code)  # after a signal, do not wait for torch to be unloaded
    raise SystemExit(code)


def import_main() -> Callable[[], int]:
    """Imports the program without looking for garbage, which would take a tenth of the time of ``--help``."""
    gc.disable()
    from lowlight_cli.cli.app import main

    gc.freeze()  # what is imported stays
    gc.enable()
    return main


if __name__ == "__main__":
    run()
