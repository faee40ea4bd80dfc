"""What the published rules say, in words."""

from collections.abc import Mapping


def agreed(suggestions: Mapping[str, float | None]) -> str:
    """How far the rules agree: like answers are within a factor of 3."""
    from lrtui.analysis.rules import agreement  # numpy takes its time, and a screen paints before it

    found = agreement(suggestions)
    return "no rule has an answer" if found is None else f"{found.rules} of {found.of} rules near {found.lr:.1e}"
