"""Writes what is made from the program itself: commands, completions, manual pages, default settings.

``python docs/generate.py commands``, ``completions``, ``datasets``, ``manual`` or ``recipes``; tests compare
the files with its results.
"""

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.man_pages import man_pages
from lowlight_cli.cli.app import app
from lowlight_cli.cli.global_options import PANEL
from lowlight_cli.cli.help_pages import argument_word, default_text, value_name
from lowlight_cli.cli.typer_app import finished
from lowlight_cli.datasets.catalog import DATASETS
from lowlight_cli.datasets.layouts import DatasetEntry
from lowlight_cli.datasets.locate import expected_trees
from lowlight_cli.training.catalog import RECIPES
from lowlight_cli.training.recipe_defaults import TABLE

ROOT = Path(__file__).parents[1]
COMMANDS_PAGE = ROOT / "docs" / "commands.md"
MANUAL = ROOT / "man"
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


def recipe_table() -> str:
    """Default settings of all recipes, one in a line, with tabs; imports torch."""
    return "".join(
        f"{entry.name}\t{setting}\t{json.dumps(default)}\n"
        for entry in RECIPES.values()
        for setting, default in _leaves(entry.settings_class()().model_dump(mode="json"))
    )


def _leaves(tree: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


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
    words += [argument_word(param) for param in arguments]
    words += ["COMMAND"] if hasattr(command, "commands") else []
    rows = [_row(param) for param in visible if param.name != "help"]
    table = "| Option | Default | Meaning |\n| --- | --- | --- |\n" + "".join(rows) if rows else ""
    text = inspect.cleandoc(command.help or "").replace("\f", "")
    return f"\n## `{path}`\n\n{text}\n\n    {' '.join(words)}\n" + (f"\n{table}" if table else "")


def _is_global(param: Any) -> bool:
    return getattr(param, "rich_help_panel", None) == PANEL


def _row(param: Any) -> str:
    is_argument = param.param_type_name == "argument"
    names = [argument_word(param)] if is_argument else [*param.opts, *param.secondary_opts]
    words = [" ".join((param.help or "").split())]
    choices = param.type_descriptor.choices
    if choices:
        words.append(f"One of {', '.join(str(getattr(choice, 'value', choice)) for choice in choices)}.")
    value = "" if is_argument or choices else f" {value_name(param)}".replace("|", "/").rstrip()
    default = "required" if param.required else default_text(param)
    return f"| `{', '.join(names)}{value}` | {default} | {' '.join(words).replace('|', '/')} |\n"


def manual_pages() -> dict[str, str]:
    """The pages of ``man`` by file name, in troff."""
    codes = re.findall(r"^\| (\d[\d, ]*) \| (.*) \|$", EXIT_CODES, re.MULTILINE)
    return man_pages(finished(app), codes)


def main(what: list[str]) -> None:
    """Writes what is given, or all: commands, completions, datasets, manual, recipes."""
    if not what or "commands" in what:
        COMMANDS_PAGE.write_text(commands_page())
    if not what or "datasets" in what:
        DATASETS_PAGE.write_text(datasets_page())
    if not what or "completions" in what:
        for shell, path in COMPLETIONS.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(completion_script(shell))
    if not what or "recipes" in what:
        TABLE.write_text(recipe_table())
    if not what or "manual" in what:
        _write_manual(manual_pages())


def _write_manual(pages: dict[str, str]) -> None:
    """Writes the pages, and removes those of commands that are gone."""
    MANUAL.mkdir(exist_ok=True)
    for old in MANUAL.glob("*.1"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (MANUAL / name).write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
