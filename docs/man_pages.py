"""The manual pages in troff: one for the program, and one for each command and group.

A file of its own, because troff has its own rules. ``docs/generate.py manual`` writes the pages.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lowlight_cli.cli.global_options import PANEL
from lowlight_cli.cli.help_pages import GROUPS, argument_word, default_text, group_of, value_name

HEAD = '.\\" Made from the program by `make docs`.\n.TH {name} 1 "" "lle" "User commands"\n'
FIRST_PAGE = r""".SH NAME
lle \- brighten dark photos, measure the result, train your own models
.SH SYNOPSIS
.B lle
.I COMMAND
[\fIOPTIONS\fR] [\fIARGUMENTS\fR]
.SH DESCRIPTION
.B lle enhance
makes bright copies of dark photos and of folders of them; the originals are never changed.
Each command has a page of its own, such as
.BR lle\-enhance (1).
.SH COMMANDS
{commands}.SH GLOBAL OPTIONS
They stand before or after the name of a command.
{options}.SH EXIT STATUS
{codes}.PP
New codes may be added; treat any other than 0 as failure.
.SH ENVIRONMENT
.TP
.BI LLE_ COMMAND _ OPTION
Value of an option, as LLE_ENHANCE_QUALITY. Short forms: LLE_MODEL, LLE_DEVICE, LLE_PRECISION, LLE_WORKERS.
.TP
.B LLE_MODEL_DIR, LLE_DATA_ROOT
Folders of weights and of datasets.
.TP
.B LLE_OFFLINE, LLE_LOG, LLE_DEBUG
Never use the network; log level (warning, info or debug); show tracebacks.
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


def man_pages(program: Any, exit_codes: Iterable[tuple[str, str]]) -> dict[str, str]:
    """All pages by file name, such as ``lle-train-vqgan.1``.

    Args:
        program: The program, a click command.
        exit_codes: Exit codes and their meanings.
    """
    pages = {"lle.1": _first_page(program, exit_codes)}
    for path, command in _below(program, "lle"):
        pages[f"{path.replace(' ', '-')}.1"] = _page(path, command)
    return pages


def _below(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield f"{path} {name}", child
            yield from _below(child, f"{path} {name}")


def _first_page(program: Any, exit_codes: Iterable[tuple[str, str]]) -> str:
    sections = (f".SS {group}\n{_references(program, 'lle', only=group)}" for group in GROUPS)
    shared = [param for param in program.params if _is_global(param)]
    codes = "".join(f".TP\n.B {_text(code)}\n{_text(meaning)}\n" for code, meaning in exit_codes)
    page = FIRST_PAGE.replace("{commands}", "".join(sections))
    page = page.replace("{options}", "".join(map(_option, shared))).replace("{codes}", codes)
    return HEAD.format(name="LLE") + page


def _page(path: str, command: Any) -> str:
    first, *others = inspect.cleandoc(command.help or "").split("\n\n")
    texts = [text for text in others if not text.lstrip("\b\n").startswith("Example")]
    examples = [text for text in others if text not in texts]
    params = [param for param in command.params if not _is_global(param)]
    parts = [
        HEAD.format(name=_text(path.replace(" ", "-").upper())),
        f".SH NAME\n{_text(path.replace(' ', '-'))} \\- {_text(first).rstrip('.')}\n",
        f".SH SYNOPSIS\n.B {_text(path)}\n{_synopsis(command)}\n",
        f".SH DESCRIPTION\n{_text(first)}\n" + "".join(f".PP\n{_text(text)}\n" for text in texts),
        _commands(command, path),
        _sections(params),
        ".SH GLOBAL OPTIONS\nSee\n.BR lle (1).\n",
        *(f".SH EXAMPLES\n.nf\n{_lines(text)}.fi\n" for text in examples),
        f".SH SEE ALSO\n.BR {_text(path.replace(' ', '-').rpartition('-')[0])} (1)\n",
    ]
    return "".join(parts)


def _synopsis(command: Any) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    words = ["[\\fIOPTIONS\\fR]", *(f"\\fI{_text(argument_word(param))}\\fR" for param in arguments)]
    return " ".join([*words, *(["\\fICOMMAND\\fR"] if hasattr(command, "commands") else [])])


def _commands(command: Any, path: str) -> str:
    return f".SH COMMANDS\n{_references(command, path)}" if hasattr(command, "commands") else ""


def _references(command: Any, path: str, only: str | None = None) -> str:
    return "".join(
        f".TP\n.BR {_text(f'{path} {name}'.replace(' ', '-'))} (1)\n{_text(child.get_short_help_str(999))}\n"
        for name, child in command.commands.items()
        if not child.hidden and only in (None, group_of(child))
    )


def _sections(params: list[Any]) -> str:
    titles: dict[str, list[Any]] = {}
    for param in params:
        usual = "Arguments" if param.param_type_name == "argument" else "Options"
        titles.setdefault(getattr(param, "rich_help_panel", None) or usual, []).append(param)
    return "".join(
        f".SH {_text(title.upper())}\n{''.join(map(_option, held))}" for title, held in titles.items()
    )


def _option(param: Any) -> str:
    is_argument = param.param_type_name == "argument"
    names = [argument_word(param)] if is_argument else [*param.opts, *param.secondary_opts]
    value = "" if is_argument else value_name(param)
    head = f"\\fB{_text(', '.join(names))}\\fR" + (f" \\fI{_text(value)}\\fR" if value else "")
    default = default_text(param)
    notes = " Required." if param.required else f" Default: {default}." if default else ""
    return f".TP\n{head}\n{_text((param.help or '') + notes)}\n"


def _is_global(param: Any) -> bool:
    return getattr(param, "rich_help_panel", None) == PANEL


def _lines(text: str) -> str:
    """An example line by line, without its title."""
    body = re.sub(r"^[\b\s]*Examples?:\s*", "", text)
    return "".join(f"{_escaped(line.rstrip())}\n" for line in inspect.cleandoc(body).splitlines())


def _text(text: str) -> str:
    words = _escaped(" ".join(text.replace("\b", "").split()))
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fR", words)


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
