"""Parts of the setup screen that its tests look at."""

from lrtui.spec import RunSpec
from lrtui.tui.form.body import FormBody
from lrtui.tui.form.choice_box import ChoiceBox
from lrtui.tui.form.screen import SetupScreen
from lrtui.tui.widgets.line import Line
from tests.tui.helpers import box


def body(screen: SetupScreen) -> FormBody:
    assert screen.body is not None
    return screen.body


def choice(screen: SetupScreen, role: str) -> ChoiceBox:
    return screen.query_one(f"#choice-{role}", ChoiceBox)


def spec(screen: SetupScreen) -> RunSpec:
    """The spec of a form whose texts can all be read."""
    assert screen.spec is not None
    return screen.spec


def type_into(screen: SetupScreen, path: str, text: str) -> None:
    """Replace the text of a field."""
    widget = box(screen, path).widget
    assert isinstance(widget, Line)
    widget.value = text


def is_mounted(screen: SetupScreen, path: str) -> bool:
    """Whether a field is on the form."""
    return bool([field for field in screen.query("FieldBox") if getattr(field, "path", "") == path])
