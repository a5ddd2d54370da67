"""Writes what is made from the program itself: ``docs/commands.md`` and ``completions/``.

``python docs/generate.py commands`` or ``completions``; the tests compare the files with what this gives.
"""

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from lowlight_cli.cli.app import app
from lowlight_cli.cli.global_options import PANEL
from lowlight_cli.cli.program import finished

ROOT = Path(__file__).parents[1]
COMMANDS_PAGE = ROOT / "docs" / "commands.md"
COMPLETIONS = {
    "bash": ROOT / "completions" / "lle.bash",
    "zsh": ROOT / "completions" / "_lle",
    "fish": ROOT / "completions" / "lle.fish",
}
INTRODUCTION = """# Commands

Made from the help of the program by `make docs`; a test keeps it current.
`lle COMMAND --help` prints the same.

The global options, listed first, may stand before and after the name of each command. Options have a variable
`LLE_<COMMAND>_<OPTION>`, and a key in [configuration files](configuration.md).
"""
EXIT_CODES = """
## Exit codes

| Code | Meaning |
| --- | --- |
| 0 | all done, or nothing to do |
| 1 | a bug of the program; the message says where the traceback is |
| 2 | an option, name or path that makes no sense |
| 3 | finished, some pictures failed |
| 4 | finished, every picture failed |
| 5 | no picture found, only with `--fail-empty` |
| 6 | weights missing, damaged or of another model |
| 7 | a device or an optional feature that the machine does not have |
| 8 | the output cannot be written |
| 9 | training diverged |
| 10 | a measured quality did not reach the bar set for it |
| 11 | another run writes to the same folder |
| 130, 143 | stopped with Ctrl-C, by a signal |
| 141 | whoever read the output went away |

New codes may be added; treat any other than 0 as failure.
"""


def commands_page() -> str:
    """The page of all commands, as Markdown."""
    program = finished(app)
    sections = [_section(path, command) for path, command in walk(program, "lle")]
    return INTRODUCTION + "".join(sections) + EXIT_CODES


def walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command below ``command``, with the words that call it; hidden ones are left out."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from walk(child, f"{path} {name}")


def completion_script(shell: str) -> str:
    """What ``shell`` reads to complete the words after ``lle``."""
    environment = {**os.environ, "_LLE_COMPLETE": f"source_{shell}"}
    command = [sys.executable, "-m", "lowlight_cli"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    script = done.stdout.strip() + "\n"
    # A file that zsh loads on the first TAB has to answer that TAB, too.
    autoloaded = "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n  _lle_completion\nelse\n  {}\nfi"
    registration = "compdef _lle_completion lle"
    return (
        script.replace(f"\n{registration}", "\n" + autoloaded.format(registration))
        if shell == "zsh"
        else script
    )


def _section(path: str, command: Any) -> str:
    own = command.params if path == "lle" else [param for param in command.params if not _is_global(param)]
    visible = [param for param in own if not getattr(param, "hidden", False)]
    arguments = [param for param in visible if param.param_type_name == "argument"]
    words = [path]
    words += ["[OPTIONS]"] if len(visible) > len(arguments) else []
    words += [_argument_word(param) for param in arguments]
    words += ["COMMAND"] if hasattr(command, "commands") else []
    rows = [_row(param) for param in visible if param.name != "help"]
    table = "| Option | Default | Meaning |\n| --- | --- | --- |\n" + "".join(rows) if rows else ""
    text = inspect.cleandoc(command.help or "").replace("\f", "")
    return f"\n## `{path}`\n\n{text}\n\n    {' '.join(words)}\n" + (f"\n{table}" if table else "")


def _is_global(param: Any) -> bool:
    return getattr(param, "rich_help_panel", None) == PANEL


def _argument_word(param: Any) -> str:
    word = (param.metavar or param.name.upper()) + ("..." if param.nargs == -1 else "")
    return word if param.required else f"[{word}]"


def _row(param: Any) -> str:
    if param.param_type_name == "argument":
        name = _argument_word(param)
    else:
        name = ", ".join([*param.opts, *param.secondary_opts])
    words = [" ".join((param.help or "").split())]
    annotation = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        words.append(f"One of {', '.join(str(choice.value) for choice in annotation)}.")
    return f"| `{name}` | {_default(param)} | {' '.join(words).replace('|', '/')} |\n"


def _default(param: Any) -> str:
    if param.required:
        return "required"
    if isinstance(getattr(param, "show_default", None), str):
        return param.show_default
    default = getattr(param.default, "value", param.default)
    if default is None or default is False or callable(default) or default in ((), []):
        return ""
    return f"`{'on' if default is True else default}`"


def main(what: list[str]) -> None:
    """Writes the files asked for: ``commands``, ``completions``, or both."""
    if not what or "commands" in what:
        COMMANDS_PAGE.write_text(commands_page())
    if not what or "completions" in what:
        for shell, path in COMPLETIONS.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(completion_script(shell))


if __name__ == "__main__":
    main(sys.argv[1:])
