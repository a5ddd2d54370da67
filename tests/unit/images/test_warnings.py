"""Every warning code of images has a text."""

import re

from lowlight_cli.images.warnings import WARNING_TEXTS, explain


def test_every_warning_is_explained(root):
    folder = root / "lowlight_cli" / "images"
    names = ("frames", "color/named_colors", "decode", "codecs/tiff_color", "metadata/read")
    named = [folder / f"{name}.py" for name in names]
    source = "\n".join(path.read_text() for path in [*(folder / "codecs").glob("read_*.py"), *named])
    codes = set(re.findall(r'\("(\w+)",(?: \*\w+)?\)', source))
    codes |= set(re.findall(r'warnings, "(\w+)"\)', source))
    assert codes == set(WARNING_TEXTS)
    assert all(explain(code).startswith(f"{code}: ") for code in codes)
    assert explain("new") == "new"
