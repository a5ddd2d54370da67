"""The program as a shell starts it: ``lle``, or ``python -m lowlight_cli``."""

from typing import NoReturn

from lowlight_cli.cli.app import main
from lowlight_cli.inference.interruption import SIGNAL_BASE, leave


def run() -> NoReturn:
    """Runs the program and ends it with its exit code."""
    code = main()
    if code > SIGNAL_BASE:
        leave(code)  # whoever sent the signal does not want to wait until all of torch is tidied away
    raise SystemExit(code)


if __name__ == "__main__":
    run()
