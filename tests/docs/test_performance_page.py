"""The tables of docs/performance.md are those of the results in benchmarks/results."""

import pytest


@pytest.fixture
def page(root, monkeypatch):
    """The module ``performance_page``, a script that imports its neighbors by their names."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    import performance_page

    return performance_page


def test_page_of_performance_is_current(page):
    assert page.PAGE.read_text() == page.page(), "run `make performance`"


def test_every_result_of_the_check_has_a_chapter(page):
    results = list(page.RESULTS.glob("gpu-check*.json"))
    chapters = [line for line in page.page().partition(page.BEGIN)[2].splitlines() if line.startswith("## ")]
    assert results
    assert len(chapters) == len(results)


def test_what_a_person_wrote_stays(page):
    assert page.page().startswith(page.PAGE.read_text().partition(page.BEGIN)[0])
