"""One call of the program: its global options and its configuration."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from lowlight_cli.cli.config_loader import Configuration, Mistakes, configuration_from, read_config_files
from lowlight_cli.cli.config_schema import Keys
from lowlight_cli.cli.global_options import Command, GlobalSettings, Value, global_options, settled
from lowlight_cli.cli.progress import say
from lowlight_cli.errors import UsageError

_STRONGEST_FIRST = ("COMMANDLINE", "ENVIRONMENT")
_LEVELS = {"error": 0, "warning": 0, "info": 1, "debug": 2}


class Session:
    """Collects the global options of a call, given before or after the name of the command.

    Use it as a context; logs are open until it exits.

    Args:
        words: Arguments of the program, for the log.

    Attributes:
        settings: Global settings, complete once the command starts.
        words: Arguments of the program.
    """

    def __init__(self, words: Sequence[str] = ()) -> None:
        self.settings = GlobalSettings()
        self.words = words
        self._given: dict[str, tuple[str, Any]] = {}
        self._configuration: Configuration | None = None
        self._logs: ExitStack | None = None

    def __enter__(self) -> "Session":
        """Starts the call."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the logs."""
        if self._logs is not None:
            self._logs.close()

    def take(self, name: str, value: Value, source: str) -> None:
        """Stores the value of a global option.

        Args:
            name: Name of the option in ``GlobalSettings``.
            value: Its value.
            source: ``COMMANDLINE`` or ``ENVIRONMENT``; other sources are ignored.
        """
        if source not in _STRONGEST_FIRST:
            return
        before, earlier = self._given.get(name, (source, 0))
        if _STRONGEST_FIRST.index(source) > _STRONGEST_FIRST.index(before):
            return
        # `lle -v enhance -v` adds up.
        total = value + earlier if name == "verbose" and source == before else value
        self._given[name] = (source, total)

    def origin(self, name: str) -> str | None:
        """Where a global option was given: ``COMMANDLINE``, ``ENVIRONMENT``, or None."""
        return self._given[name][0] if name in self._given else None

    def given(self) -> GlobalSettings:
        """Settings from the global options read so far, without those of configuration files."""
        return settled({name: value for name, (_, value) in self._given.items()})

    def configuration(self, program: Command, *, forgiving: bool = False) -> Configuration:
        """The configuration; files are read once, on first use.

        Args:
            program: The program; files are checked against its options.
            forgiving: Whether mistakes in files are printed as warnings, and the rest of the files applies.

        Raises:
            UsageError: ``--config`` and ``--no-config`` are both given.
            SettingsError: A file is wrong, or there is no such profile.
        """
        if self._configuration is None:
            chosen, none = self._value("config"), self._value("no_config")
            if chosen and none:
                raise UsageError("--config and --no-config exclude each other")
            found = Mistakes(forgiving=forgiving)
            files = [] if none else read_config_files(chosen, found)
            keys = Keys(program, global_options())
            self._configuration = configuration_from(files, keys, self._value("profile"), found)
            for mistake in found.messages:
                say(f"lle: warning: {mistake}", quiet=self.given().quiet)
        return self._configuration

    def resolve(self, program: Command) -> GlobalSettings:
        """Completes the settings; options override the environment, then files, then defaults.

        Args:
            program: The program.

        Raises:
            UsageError: See ``configuration``, or ``LLE_LOG`` is not a log level.
        """
        files = self.configuration(program).values.get((), {})
        values: dict[str, Any] = {name: setting.value for name, setting in files.items()}
        level = os.environ.get("LLE_LOG")
        if level:
            if level.lower() not in _LEVELS:
                raise UsageError(f"LLE_LOG is '{level}'; known: {', '.join(_LEVELS)}")
            values["verbose"] = _LEVELS[level.lower()]
        self.settings = settled(values | {name: value for name, (_, value) in self._given.items()})
        self.open_logs()
        return self.settings

    def open_logs(self) -> None:
        """Starts logging with the global options known so far; a second call does nothing.

        Raises:
            OutputError: The log file cannot be written.
        """
        if self._logs is not None:
            return
        self._logs = ExitStack()
        if self.settings == GlobalSettings():
            self.settings = self.given()
        # Not needed for --help, which must be fast.
        from lowlight_cli.cli.logs import log_start, logging_to

        self._logs.enter_context(logging_to(self.settings))
        log_start(self.words, self._configuration.files if self._configuration else ())

    def _value(self, name: str) -> Value:
        return self._given.get(name, (None, None))[1]
