"""How dark a picture is made, as a user writes it; free of heavy imports."""

from lowlight_cli.errors import UsageError


def parse_strength(text: str) -> tuple[float, float]:
    """Lowest and highest strength from ``0.8:1.2`` or ``1``.

    Raises:
        UsageError: Not one or two numbers from 0 to 2, the lower first.
    """
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    low, high = (numbers * 2)[:2] if len(numbers) == 1 else numbers if len(numbers) == 2 else (1.0, 0.0)
    if not 0 <= low <= high <= 2:
        raise UsageError(f"'{text}' is no strength; use one number from 0 to 2, or two like 0.8:1.2")
    return low, high
