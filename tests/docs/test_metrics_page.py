"""docs/metrics.md says what the catalogs say."""

import pytest

from lowlight_cli.evaluation.catalog import METRIC_FILES, METRICS
from lowlight_cli.evaluation.protocols import PROTOCOLS


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "metrics.md").read_text()


@pytest.fixture(scope="module")
def words(page):
    """The page without its line breaks."""
    return " ".join(page.split())


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_a_row_that_tells_which_way_is_up(name, page):
    (row,) = [
        line for line in page.splitlines() if line.startswith("| `") and f"`{name}`" in line.split("|")[1]
    ]
    assert METRICS[name].backend in row
    assert ("higher" if METRICS[name].higher_is_better else "lower") in row


@pytest.mark.parametrize("name", METRIC_FILES)
def test_every_file_has_a_row_with_its_digest_and_licence(name, page):
    file = METRIC_FILES[name]
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}`")]
    assert file.licence in row
    assert (file.sha256 or "not published") in row
    assert all(f"`{alias}`" in row for alias in file.aliases)
    assert bool(file.shipped) == (row.split("|")[2].strip() == "yes")


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_has_its_paragraph_and_its_source(name, words):
    protocol = PROTOCOLS[name]
    assert f"### {name} {' '.join(protocol.description.split())} Source: {protocol.source}." in words


def test_the_page_names_no_metric_or_protocol_that_is_unknown(page):
    commands = [line.split("`")[1].split() for line in page.splitlines() if "`lle eval --dataset" in line]
    assert len(commands) == 6
    for words in commands:
        assert words[words.index("--protocol") + 1] in PROTOCOLS
        assert set(words[words.index("--metrics") + 1].split(",")) <= set(METRICS)
