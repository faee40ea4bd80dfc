"""The keys of every screen."""

from textual.binding import Binding, BindingType

EVERYWHERE: list[BindingType] = [
    Binding(
        "question_mark,f1", "help", "help", id="app.help", key_display="?", tooltip="this page"
    ),
    Binding(
        "ctrl+z",
        "suspend_process",
        "suspend",
        id="app.suspend",
        show=False,
        tooltip="stop lrtui until the shell's `fg`; a run goes on",
    ),
    Binding("q", "quit", "quit", id="app.quit", tooltip="leave lrtui"),
]
