"""Writes metrics of a step for people: scores with units, durations, a short line; torch-free."""

from collections.abc import Mapping


def step_line(
    numbers: Mapping[str, float],
    score: tuple[str, float] | None,
    seconds_left: float,
    *,
    with_memory: bool = False,
) -> str:
    """The metrics of a step that people read, each with its name or unit.

    Args:
        numbers: Metrics by name; those that are missing are left out.
        score: Name and value of the score of the last validation, if there was one.
        seconds_left: Expected time until the end.
        with_memory: Whether to add the peak memory.
    """
    words = [f"loss {numbers['loss']:.4g}"]
    words += [f"{score[0]} {score_text(*score)}"] if score else []
    words += [f"lr {numbers['lr']:.2g}"] if "lr" in numbers else []
    words += [f"{numbers['images_per_second']:.3g} img/s"] if "images_per_second" in numbers else []
    words += [f"{duration(seconds_left)} left"] if seconds_left else []
    words += [f"{numbers['memory_mb']:,.0f} MB"] if with_memory and "memory_mb" in numbers else []
    return "  ".join(words)


def validation_line(scores: Mapping[str, float], by: str) -> str:
    """The scores of a validation that people read: the one that is compared, and SSIM.

    Args:
        scores: Scores by name.
        by: Name of the one that is compared.
    """
    return "  ".join(f"{name} {score_text(name, scores[name])}" for name in (by, "ssim") if name in scores)


def score_text(name: str, value: float) -> str:
    """A score with its unit: ``21.53 dB``, ``0.8312``."""
    return f"{value:.2f} dB" if name == "psnr" else f"{value:.4f}"


def duration(seconds: float) -> str:
    """A duration as text: ``45 s``, ``12 min``, ``3 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
