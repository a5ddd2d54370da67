"""The program as a shell starts it: ``lle``, or ``python -m lowlight_cli``."""

import signal
from typing import NoReturn

from lowlight_cli.cli.app import main
from lowlight_cli.cli.stderr import keep_own_stderr
from lowlight_cli.pipeline.signals import SIGNAL_BASE, leave


def run() -> NoReturn:
    """Runs the program and ends it with its exit code."""
    keep_own_stderr()
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said and done; nothing is left to interrupt
    if code > SIGNAL_BASE:
        leave(code)  # whoever sent the signal does not want to wait until all of torch is tidied away
    raise SystemExit(code)


if __name__ == "__main__":
    run()
