"""``python -m lowlight_cli``."""

from lowlight_cli.cli.app import main

if __name__ == "__main__":
    raise SystemExit(main())
