"""Writes configuration files: ``lle config init``, ``set`` and ``edit``."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, get_args

import typer

from lowlight_cli.cli.config_loader import (
    PROFILE,
    PROJECT_FILE,
    SHARED_PROJECT_FILE,
    ConfigFile,
    Mistakes,
    configuration_from,
    read_config_files,
    user_file,
)
from lowlight_cli.cli.config_schema import Keys, Section, nearest
from lowlight_cli.cli.config_template import literal, plain, summary, template
from lowlight_cli.cli.global_options import Option, Value, global_options, settings_of
from lowlight_cli.cli.progress import say
from lowlight_cli.errors import ImageError, OutputError, SettingsError, UsageError
from lowlight_cli.images.replace import replace_file

_SWITCHES = {"true": True, "false": False}


def complete_section(context: typer.Context, incomplete: str) -> list[str]:
    """Sections that start with the given text."""
    keys = Keys(context.find_root().command, global_options())
    names = (".".join(words) for words in keys.commands)
    return [name for name in names if name.startswith(incomplete)]


def complete_key(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Keys such as ``enhance.quality`` that start with the given text, with their meaning."""
    keys = Keys(context.find_root().command, global_options())
    every = {(): keys.shared, **keys.commands}
    named = {".".join((*words, key)): options[key] for words, options in every.items() for key in options}
    return [(name, summary(option)) for name, option in named.items() if name.startswith(incomplete)]


def complete_value(context: typer.Context, incomplete: str) -> list[str]:
    """Values of the key given before, if it has a fixed choice."""
    keys = Keys(context.find_root().command, global_options())
    *section, key = str(context.params.get("key") or "").split(".")
    option = keys.options(tuple(section)).get(key)
    choices = () if option is None else option.type_descriptor.choices or ()
    known = [str(plain(choice)) for choice in choices]
    if option is not None and option.type_descriptor.annotation is bool:
        known = list(_SWITCHES)
    return [name for name in known if name.startswith(incomplete)]


KeyArgument = Annotated[
    str,
    typer.Argument(
        metavar="KEY", help="Key with its section, such as enhance.quality.", autocompletion=complete_key
    ),
]
UserOption = Annotated[
    bool, typer.Option("--user", help="Use the user configuration, not that of this folder.")
]


def create_file(
    context: typer.Context,
    section: Annotated[
        str | None,
        typer.Argument(
            metavar="COMMAND",
            help="Command or group to write keys for, such as enhance; default: all.",
            autocompletion=complete_section,
        ),
    ] = None,
    user: UserOption = False,
) -> None:
    """Create a configuration file with every key commented out.

    An existing file is never overwritten.

    Example:  lle config init enhance
    """
    keys = Keys(context.find_root().command, global_options())
    words = tuple((section or "").replace("_", "-").split(".")) if section else ()
    if words and not keys.is_section(words):
        raise UsageError(
            f"unknown command '{section}'; {nearest(section or '', map('.'.join, keys.commands))}"
        )
    path = user_file() if user else Path(PROJECT_FILE)
    _create(path, template(context.find_root().command, words))
    say(f"wrote {path}", quiet=settings_of(context).quiet)


def set_value(
    context: typer.Context,
    key: KeyArgument,
    values: Annotated[
        list[str],
        typer.Argument(metavar="VALUE", help="Value; several for a list.", autocompletion=complete_value),
    ],
    user: UserOption = False,
) -> None:
    """Set a key in a configuration file; the rest of the file, with its comments, stays as it is.

    Writes to --config FILE, else to ./lle.toml, or to ./pyproject.toml if only that has a table for lle. A
    profile is part of the key: profile.web.enhance.quality.

    Example:  lle config set enhance.quality 92
    """
    keys = Keys(context.find_root().command, global_options())
    path = _file_to_write(settings_of(context).config, user=user)
    tables, name, value = _assignment(key, values, keys, path)
    import tomlkit  # not needed for --help, which must be fast
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8") if path.exists() else "")
        place: Value = document
        above = ("tool", "lle") if path.name == SHARED_PROJECT_FILE else ()
        for depth, word in enumerate((*above, *tables), 1):
            if word not in place:
                place[word] = tomlkit.table(is_super_table=depth < len(above) + len(tables))
            place = place[word]
        place[name] = value
    except (TOMLKitError, UnicodeDecodeError, TypeError) as error:
        raise SettingsError(f"cannot read configuration {path}: {error}") from error
    _replace(path, tomlkit.dumps(document))
    say(f"{path}: {'.'.join((*tables, name))} = {literal(value)}", quiet=settings_of(context).quiet)


def edit_file(context: typer.Context, user: UserOption = False) -> None:
    """Open the configuration file in the editor of VISUAL or EDITOR, and check it afterwards.

    A missing file is created first, as by `lle config init`.

    Example:  lle config edit --user
    """
    program = context.find_root().command
    path = _file_to_write(settings_of(context).config, user=user)
    if not path.exists():
        _create(path, template(program))
    command = _editor()
    try:
        code = subprocess.run([*command, str(path)], check=False).returncode
    except OSError as error:
        raise UsageError(f"cannot start the editor '{shlex.join(command)}': {error.strerror}") from error
    if code:
        raise UsageError(f"the editor '{shlex.join(command)}' ended with exit code {code}")
    found = Mistakes(forgiving=True)
    files = read_config_files(path, found)
    configuration_from(files[:1], Keys(program, global_options()), None, found)
    for mistake in found.messages:
        say(f"lle: warning: {mistake}", quiet=settings_of(context).quiet)


def _assignment(text: str, values: list[str], keys: Keys, path: Path) -> tuple[Section, str, Value]:
    """Tables, key and value of an assignment.

    Raises:
        SettingsError: There is no such key, or it does not take this value.
    """
    words = tuple(word.strip() for word in text.split("."))
    prefix, inner = (words[:2], words[2:]) if words[0] == PROFILE else ((), words)
    if not inner:
        raise UsageError(f"'{text}' names no key; write it like profile.web.enhance.quality")
    section, key = tuple(word.replace("_", "-") for word in inner[:-1]), inner[-1].replace("_", "-")
    option = keys.options(section).get(key)
    value: Value = [_toml_value(option, each, path) for each in values]
    if option is None or not option.multiple:
        if len(values) > 1:
            raise UsageError(f"{text} takes one value, not {len(values)}")
        value = value[0]
    tree: Value = {key: value}
    for word in reversed((*prefix, *section)):
        tree = {word: tree}
    configuration_from([ConfigFile(path, tree)], keys, None, Mistakes())
    return (*prefix, *section), key, value


def _toml_value(option: Option | None, text: str, path: Path) -> Value:
    """What a file has to hold for a text from the command line; a text if it does not fit the option."""
    if option is None or option.type_descriptor.parameter_info.parser is not None:
        return text
    annotation = option.type_descriptor.annotation
    kind = next((each for each in get_args(annotation) if each is not type(None)), annotation)
    try:
        if kind is bool:
            return _SWITCHES.get(text.lower(), text)
        if kind in (int, float):
            return kind(text)
    except ValueError:
        return text
    # Paths in a file start from its folder, and those on the command line from the current one.
    is_elsewhere = kind is Path and path.parent != Path() and not text.startswith("~")
    return str(Path(text).absolute()) if is_elsewhere else text


def _file_to_write(chosen: Path | None, *, user: bool) -> Path:
    if user:
        return user_file()
    if chosen is not None:
        return chosen
    found = read_config_files(None, Mistakes(forgiving=True))
    shared = Path(SHARED_PROJECT_FILE)
    has_own = Path(PROJECT_FILE).exists()
    return shared if not has_own and any(file.path == shared for file in found) else Path(PROJECT_FILE)


def _editor() -> list[str]:
    usual = "notepad" if os.name == "nt" else next(filter(shutil.which, ("editor", "nano", "vi")), "")
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or usual)
    if not command:
        raise UsageError("no editor found; set VISUAL or EDITOR")
    return command


def _create(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(
            f"{path} exists already; change it with `lle config set` or `lle config edit`"
        ) from None
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    """Writes the file atomically; a link to it stays."""
    target = path.resolve()
    try:
        replace_file(target, text.encode(), attributes_of=target if target.exists() else None)
    except ImageError as error:
        raise OutputError(f"cannot write {error}") from error
