"""How far the published rules agree, in words.

numpy is imported late, because a screen that shows these words paints before numpy is loaded.
"""

from collections.abc import Mapping


def agreed(suggestions: Mapping[str, float | None]) -> str:
    """How many of the rules agree, and near which rate."""
    from lrtui.analysis.rules import agreement

    group = agreement(suggestions)
    if group is None:
        return "no rule has an answer"
    return f"{group.rules} of {group.of} rules near {group.lr:.1e}"


def agreed_within(suggestions: Mapping[str, float | None]) -> str:
    """The same, with the factor within which rates count as the same."""
    from lrtui.analysis.rules import ALIKE

    return f"{agreed(suggestions)}, within a factor of {ALIKE:g}"
