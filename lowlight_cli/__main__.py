"""Entry point of ``lle`` and ``python -m lowlight_cli``."""

import signal
from typing import NoReturn

from lowlight_cli.cli.app import main
from lowlight_cli.cli.stderr import keep_own_stderr
from lowlight_cli.pipeline.signals import SIGNAL_BASE, leave


def run() -> NoReturn:
    """Runs the program and ends it with its exit code."""
    keep_own_stderr()
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left to interrupt
    if code > SIGNAL_BASE:
        leave(code)  # after a signal, do not wait for torch to be unloaded
    raise SystemExit(code)


if __name__ == "__main__":
    run()
