"""Curves of a run stay inside their charts, whatever the numbers."""

import re

from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.training.run_charts import HEIGHT, WIDTH, line_chart

NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(NUMBERS, min_size=1, max_size=1500), st.integers(0, 1499))
def test_every_point_is_inside_the_chart_and_both_ends_are_drawn(values, marked):
    curve = [(float(step), value) for step, value in enumerate(values, 1)]
    chart = line_chart("loss", curve, marked + 1)
    points = [tuple(map(float, pair.split())) for pair in re.split("[ML]", chart.path)[1:]]
    for x, y in (*points, *chart.dots):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    assert len(points) <= min(len(values), 401)
    assert len(chart.dots) == (marked < len(values) or len(values) == 1)
    if len(values) > 1:
        assert (points[0][0], points[-1][0]) == (0, WIDTH)


def test_a_flat_curve_is_in_the_middle():
    chart = line_chart("loss", [(1.0, 2.0), (2.0, 2.0)])
    assert chart.path == f"M0 {HEIGHT / 2:g}L{WIDTH} {HEIGHT / 2:g}"
