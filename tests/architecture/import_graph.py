"""Imports between the modules of a package, read from their source."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

Graph = Mapping[str, frozenset[str]]
"""Module -> the modules it imports, also inside functions and for type checking."""


def modules_of(package: Path) -> dict[str, Path]:
    """Dotted name of each module -> its file."""
    return {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(package.rglob("*.py"))
    }


def import_graph(package: Path) -> Graph:
    """Imports of each module of a package from others of it."""
    modules = modules_of(package)
    return {name: frozenset(_imports(path, package.name, modules)) - {name} for name, path in modules.items()}


def _imports(path: Path, root: str, modules: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == root:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                target = full if full in modules else node.module
                if target in modules:
                    yield target


def circle_in(graph: Graph) -> list[str]:
    """Modules that import each other in a circle; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def small_modules(package: Path, *, shorter_than: int) -> dict[str, str]:
    """Modules under a number of lines that exactly one other imports -> that one."""
    graph, modules = import_graph(package), modules_of(package)
    importers: dict[str, list[str]] = {name: [] for name in graph}
    for name, imported in graph.items():
        for target in imported:
            importers[target].append(name)
    return {
        name: importers[name][0]
        for name, path in modules.items()
        if len(importers[name]) == 1
        and path.name != "__init__.py"
        and len(path.read_text().splitlines()) < shorter_than
    }
