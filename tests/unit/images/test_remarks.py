"""Every warning that pictures can carry has words."""

import re

from lowlight_cli.images.remarks import REMARKS, explain


def test_every_warning_is_explained(root):
    source = "\n".join(path.read_text() for path in (root / "lowlight_cli" / "images").glob("read_*.py"))
    source += (root / "lowlight_cli" / "images" / "frames.py").read_text()
    source += (root / "lowlight_cli" / "images" / "decode.py").read_text()
    codes = set(re.findall(r'\("(\w+)",\)', source)) | set(re.findall(r'warnings, "(\w+)"\)', source))
    assert codes == set(REMARKS)
    assert all(explain(code).startswith(f"{code}: ") for code in codes)
    assert explain("new") == "new"
