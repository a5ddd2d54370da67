"""Writes what is made from the program itself: ``docs/commands.md``, ``completions/`` and ``man/lle.1``.

``python docs/generate.py commands``, ``completions`` or ``manual``; tests compare the files with its results.
"""

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from lowlight_cli.cli.app import app
from lowlight_cli.cli.global_options import PANEL
from lowlight_cli.cli.typer_app import finished
from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.datasets.layouts import DatasetEntry
from lowlight_cli.datasets.locate import expected_trees

ROOT = Path(__file__).parents[1]
COMMANDS_PAGE = ROOT / "docs" / "commands.md"
MANUAL_PAGE = ROOT / "man" / "lle.1"
DATASETS_PAGE = ROOT / "docs" / "datasets.md"
COMPLETIONS = {
    "bash": ROOT / "completions" / "lle.bash",
    "zsh": ROOT / "completions" / "_lle",
    "fish": ROOT / "completions" / "lle.fish",
    "powershell": ROOT / "completions" / "lle.ps1",
}
INTRODUCTION = """# Commands

Made from the help of the program by `make docs`; a test keeps it current.
`lle COMMAND --help` prints the same.

The global options, listed first, may stand before and after the name of each command. Options have a variable
`LLE_<COMMAND>_<OPTION>`, and a key in [configuration files](configuration.md).
"""
DATASETS_INTRODUCTION = """# Datasets

Generated from the catalog by `make docs`; a test keeps it current. `lle datasets info NAME` prints the same,
and `lle datasets check NAME` checks a copy. `lle` downloads no datasets: each name links to the page to get
it from. Put them below a data root, which is `--data-root`, `LLE_DATA_ROOT` or `./datasets`. Case does not
matter, and subfolders are searched.

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
| 7 | a device or an optional feature that the machine does not have, or a GPU that failed during the run |
| 8 | the output cannot be written |
| 9 | training diverged, or its rehearsal failed |
| 10 | a measured quality did not reach the bar set for it |
| 11 | another run writes to the same folder |
| 130, 143 | stopped with Ctrl-C, by a signal |
| 141 | whoever read the output went away |

New codes may be added; treat any other than 0 as failure.
"""
MANUAL = r"""'\" Made from the program by `make docs`.
.TH LLE 1 "" "lle" "User commands"
.SH NAME
lle \- brighten photos taken in low light
.SH SYNOPSIS
.B lle
.I COMMAND
[\fIOPTIONS\fR] [\fIARGUMENTS\fR]
.SH DESCRIPTION
.B lle enhance
makes bright copies of dark photos and of folders of them; the originals are never changed.
The options of a command are explained by
.BR "lle \fICOMMAND\fB \-\-help" .
.SH COMMANDS
{commands}.SH GLOBAL OPTIONS
They stand before or after the name of a command.
{options}.SH EXIT STATUS
{codes}New codes may be added; treat any other than 0 as failure.
.SH ENVIRONMENT
.TP
.BI LLE_ COMMAND _ OPTION
Value of an option, as LLE_ENHANCE_QUALITY. Short forms: LLE_MODEL, LLE_DEVICE, LLE_PRECISION, LLE_WORKERS.
.TP
.B LLE_MODEL_DIR, LLE_DATA_ROOT
Folders of weights and of datasets.
.TP
.B LLE_OFFLINE, LLE_LOG, LLE_DEBUG
Never use the network; how much is told (warning, info or debug); show tracebacks.
.TP
.B NO_COLOR, FORCE_COLOR, COLUMNS
Colors, and the width of tables.
.SH FILES
.TP
.I ./lle.toml\fR, or [tool.lle] in \fI./pyproject.toml
Configuration for a folder.
.TP
.I $XDG_CONFIG_HOME/lle/config.toml
Configuration of the user.
.SH EXAMPLES
.nf
lle enhance ./night_photos \-o ./out \-\-contrast 1.2
lle config show enhance \-\-origin
.fi
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


def datasets_page() -> str:
    """The page of all datasets, as Markdown."""
    heads = "| Name | Images | Pairs | Licence |\n| --- | --- | --- | --- |\n"
    rows = "".join(
        f"| [{entry.name}]({entry.home}) | {' or '.join(map(str, sizes)) if sizes else 'not fixed'} "
        f"| {'yes' if entry.paired else 'no'} | {entry.licence} |\n"
        for entry in DATASETS.values()
        for sizes in [entry.splits[entry.default_split].sizes]
    )
    return DATASETS_INTRODUCTION + heads + rows + "".join(map(_dataset_section, DATASETS.values()))


def _dataset_section(entry: DatasetEntry) -> str:
    folders = [f"    {split}: {tree}\n" for split in entry.splits for tree in expected_trees(entry, split)]
    names = [f"`{name}`" if name != "." else "the data root itself" for name in entry.homes[1:]]
    others = f"\n`{entry.homes[0]}` may also be: {', '.join(names)}.\n" if names else ""
    words = [entry.summary, f"{entry.paper}.", entry.note]
    return f"\n## {entry.name}\n\n{' '.join(filter(None, words))}\n\n{''.join(folders)}{others}"


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


def manual_page() -> str:
    """The page that ``man lle`` shows: commands and what holds for all of them, in troff."""
    program = finished(app)
    commands = "".join(
        f".TP\n.B {_troff(path)}\n{_troff(_first_line(command.help))}\n"
        for path, command in walk(program, "lle")
        if not hasattr(command, "commands")
    )
    options = "".join(
        f".TP\n.B {_troff(', '.join((*param.opts, *param.secondary_opts)))}\n{_troff(param.help)}\n"
        for param in program.params
        if _is_global(param)
    )
    codes = "".join(
        f".TP\n.B {_troff(code)}\n{_troff(meaning.replace('`', ''))}\n"
        for code, meaning in re.findall(r"^\| (\d[\d, ]*) \| (.*) \|$", EXIT_CODES, re.MULTILINE)
    )
    return MANUAL.format(commands=commands, options=options, codes=codes)


def _first_line(text: str) -> str:
    return inspect.cleandoc(text).split("\n\n", maxsplit=1)[0].replace("\n", " ")


def _troff(text: str) -> str:
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


def main(what: list[str]) -> None:
    """Writes what is asked for: ``commands``, ``completions``, ``datasets``, ``manual``; all if none is."""
    if not what or "commands" in what:
        COMMANDS_PAGE.write_text(commands_page())
    if not what or "datasets" in what:
        DATASETS_PAGE.write_text(datasets_page())
    if not what or "completions" in what:
        for shell, path in COMPLETIONS.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(completion_script(shell))
    if not what or "manual" in what:
        MANUAL_PAGE.parent.mkdir(exist_ok=True)
        MANUAL_PAGE.write_text(manual_page())


if __name__ == "__main__":
    main(sys.argv[1:])
