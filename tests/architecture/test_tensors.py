"""What code that runs inside a forward pass must not do; each scan says how much it found."""

import ast

import pytest

FOLDERS = ("models", "layers", "losses", "training")
COPYING = {"tensor", "as_tensor", "new_tensor", "from_numpy"}


def copies_to_device(node: ast.AST) -> bool:
    """Whether a node makes a tensor of Python numbers on a device, or like another tensor."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    named = {keyword.arg for keyword in node.keywords}
    return node.func.attr == "new_tensor" or (node.func.attr in COPYING and "device" in named)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_number_is_copied_to_the_device(root, folder):
    """Such a copy waits for the device, and a CUDA graph cannot record it; use numbers or buffers."""
    trees = {
        path: ast.parse(path.read_text()) for path in sorted((root / "lowlight_cli" / folder).rglob("*.py"))
    }
    assert len(trees) > 5
    calls = [(path, node) for path, tree in trees.items() for node in ast.walk(tree)]
    assert len(calls) > 2000
    assert [f"{path}:{node.lineno}" for path, node in calls if copies_to_device(node)] == []


@pytest.mark.parametrize(
    ("source", "copies"),
    [
        ("torch.tensor(1.0, device=images.device)", True),
        ("images.new_tensor((1.0, 2.0))", True),
        ("torch.as_tensor(values, dtype=kind, device=device)", True),
        ("torch.tensor(values)", False),
        ("torch.zeros(3, device=device)", False),
    ],
)
def test_the_scan_finds_what_copies(source, copies):
    assert copies_to_device(ast.parse(source, mode="eval").body) == copies
