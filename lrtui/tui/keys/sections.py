"""The sections of the help, and the keys that stand in each."""

_THIS_SCREEN = "this screen"

# the help shows the keys in these sections, in this order; ids that are in none come first
SECTIONS: dict[str, tuple[str, ...]] = {
    "move the boundaries": (
        "run.start",
        "run.end",
        "run.left",
        "run.right",
        "run.left10",
        "run.right10",
        "run.adopt",
    ),
    "view": (
        "run.line",
        "run.cross",
        "run.zoom_in",
        "run.zoom_out",
        "run.pan_left",
        "run.pan_right",
        "run.log_y",
        "run.output",
        "run.smoother",
        "run.rougher",
        "run.trim_start",
        "run.trim_end",
        "run.untrim_start",
        "run.untrim_end",
        "run.repeat1",
        "run.undo",
        "run.limit",
        "run.up",
        "run.down",
    ),
    "run": (
        "run.again",
        "run.stop",
        "run.extend",
        "run.reset",
        "run.confirm",
        "trials.stop",
        "trials.again",
    ),
    "take away": ("run.copy", "run.copy_bounds", "run.write", "trials.write", "setup.save"),
    "go to": (
        "run.details",
        "run.history",
        "run.compare",
        "run.back",
        "trials.back",
        "setup.open",
        "setup.up",
        "setup.down",
        "setup.leave",
        "app.help",
        "app.suspend",
        "app.quit",
    ),
}


def section_of(binding_id: str | None) -> str:
    """The section of the help that a binding stands in."""
    for section, ids in SECTIONS.items():
        if binding_id in ids:
            return section
    return _THIS_SCREEN
