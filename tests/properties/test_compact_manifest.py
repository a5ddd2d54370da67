"""A manifest without the lines that later ones replaced says the same, now and after any further run."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from lowlight_cli.pipeline import manifest
from lowlight_cli.pipeline.manifest import (
    Entry,
    compact_manifest,
    latest_entries,
    line_of,
    manifest_path,
    read_entries,
)


def _entries(drawn):
    """Made in the test: the checker of types takes random samples, which a strategy must not."""
    return [Entry(input="x", source=source, output=output, status=status) for source, output, status in drawn]


_OUTPUTS = st.sampled_from([None, "a.png", 'b "output": "c".png', "caf\udce9\\"])
_DRAWN = st.lists(
    st.tuples(
        st.sampled_from(["/a", "/b", "/c"]),
        _OUTPUTS,
        st.sampled_from(["ok", "skipped", "failed", "conflict"]),
    ),
    max_size=30,
)


@given(drawn=_DRAWN, drawn_later=_DRAWN)
def test_nothing_is_lost(tmp_path_factory, drawn, drawn_later):
    lines, later = _entries(drawn), _entries(drawn_later)
    path = manifest_path(tmp_path_factory.mktemp("out"))
    path.parent.mkdir()
    path.write_bytes(b"".join(map(line_of, lines)))
    with patch.object(manifest, "_KEPT_LINES", -1):
        compact_manifest(path.parent.parent)
    kept = read_entries(path)
    assert latest_entries(kept) == latest_entries(lines)
    assert latest_entries(kept + later) == latest_entries(lines + later)
