"""Templates -> self-contained HTML pages: style, script and images are embedded, nothing is fetched."""

import base64
import hashlib
import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from markupsafe import Markup

from lowlight_cli.reports.thumbnails import data_address


def render(template: str, *, folder: Path | None = None, **values: object) -> str:
    """Fills a template; all values are escaped, and a missing value is an error.

    Templates also have ``style``, ``script`` and ``policy`` (the content security policy of the page: no
    network, no other script), the filter ``data_address`` for JPEG files, and ``area_path`` for histograms.

    Args:
        template: Name of a file in ``templates/`` or in ``folder``.
        folder: Templates of your own, which may extend those of the package.
        values: Values for its variables.
    """
    own = PackageLoader("lowlight_cli.reports")
    environment = Environment(
        loader=ChoiceLoader([own, FileSystemLoader(folder)]) if folder else own,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = _read("page.js")
    environment.filters["data_address"] = data_address
    environment.globals |= {
        "style": Markup(_read("page.css")),
        "script": Markup(script),
        "policy": _policy(script),
        "area_path": area_path,
    }
    return environment.get_template(template).render(**values)


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _read(name: str) -> str:
    return (files("lowlight_cli.reports") / "templates" / name).read_text("utf-8").strip()


WIDTH, HEIGHT = 256, 80
"""Size of an SVG drawing, in its units."""


def area_path(shares: Sequence[float], peak: float) -> str:
    """Outline of a histogram, as the ``d`` attribute of an SVG path, closed along the bottom.

    Heights are square roots of the shares: a dark image has most of its pixels in a few steps, beside which
    the others would be invisible.

    Args:
        shares: Share of each step, from dark to bright.
        peak: The share drawn at full height.
    """
    step = WIDTH / len(shares)
    tops = [HEIGHT * (1 - math.sqrt(min(share / peak, 1) if peak > 0 else 0)) for share in shares]
    points = [f"{step * i:g} {top:.1f}H{step * (i + 1):g}" for i, top in enumerate(tops)]
    return f"M0 {HEIGHT}V{tops[0]:.1f}L{'L'.join(points)}V{HEIGHT}Z"
