"""Every warning that pictures can carry has words."""

import re

from lowlight_cli.images.warnings import REMARKS, explain


def test_every_warning_is_explained(root):
    folder = root / "lowlight_cli" / "images"
    named = [folder / f"{name}.py" for name in ("frames", "named_colours", "decode", "tiff_color")]
    source = "\n".join(path.read_text() for path in [*folder.glob("read_*.py"), *named])
    codes = set(re.findall(r'\("(\w+)",(?: \*\w+)?\)', source))
    codes |= set(re.findall(r'warnings, "(\w+)"\)', source))
    assert codes == set(REMARKS)
    assert all(explain(code).startswith(f"{code}: ") for code in codes)
    assert explain("new") == "new"
