"""The keys of every screen."""

from textual.binding import Binding, BindingType

EVERYWHERE: list[BindingType] = [
    Binding(
        "question_mark,f1", "help", "help", id="app.help", key_display="?", tooltip="this page"
    ),
    Binding("q", "quit", "quit", id="app.quit", tooltip="leave lrtui"),
]
