"""What the published rules say, in words. numpy takes its time, and a screen paints before it: it is imported late."""

from collections.abc import Mapping


def agreed(suggestions: Mapping[str, float | None]) -> str:
    """How many of the rules agree, and on what."""
    from lrtui.analysis.rules import agreement

    found = agreement(suggestions)
    return (
        "no rule has an answer"
        if found is None
        else f"{found.rules} of {found.of} rules near {found.lr:.1e}"
    )


def agreed_within(suggestions: Mapping[str, float | None]) -> str:
    """The same, and how near that is."""
    from lrtui.analysis.rules import ALIKE

    return f"{agreed(suggestions)}, within a factor of {ALIKE:g}"
