"""Parts of the setup screen that its tests look at."""

from textual.pilot import Pilot

from lrtui.spec import RunSpec
from lrtui.tui.form.body import FormBody
from lrtui.tui.form.form import Form
from lrtui.tui.form.offers import Lookup
from lrtui.tui.form.screen import SetupScreen
from tests.tui.helpers import until


def body(screen: SetupScreen) -> FormBody:
    assert screen.body is not None
    return screen.body


def form(screen: SetupScreen) -> Form:
    return body(screen).form


def lookup(screen: SetupScreen, role: str) -> Lookup:
    """What a target is."""
    return next(known for name, known in form(screen).lookups.items() if name == role)


def listed(screen: SetupScreen) -> list[str]:
    """The texts in the list of the target with the cursor; none where it is closed."""
    completions = body(screen).controls.listed
    assert completions is not None
    return [entry.text for entry in completions.entries]


def notes(screen: SetupScreen) -> list[str]:
    """What that list says about its texts."""
    completions = body(screen).controls.listed
    assert completions is not None
    return [entry.note for entry in completions.entries]


def cursor(screen: SetupScreen) -> str:
    """The field with the cursor; "run" for the run button."""
    return body(screen).controls.cursor


def spec(screen: SetupScreen) -> RunSpec:
    """The spec of a form whose texts can all be read."""
    assert screen.spec is not None
    return screen.spec


def go_to(screen: SetupScreen, path: str) -> None:
    """Put the cursor into a field."""
    body(screen).go_to(path)


def type_into(screen: SetupScreen, path: str, text: str) -> None:
    """Replace the text of a field, as a person does: the cursor goes there."""
    go_to(screen, path)
    controls = body(screen).controls
    if controls.kind == "choice":
        form(screen).edit(path, text)
    else:
        controls.replace(text)
    body(screen).show()


def shown_paths(screen: SetupScreen) -> list[str]:
    """Every field on the form that can have the cursor, from top to bottom."""
    return list(body(screen).controls.keys)


def is_shown(screen: SetupScreen, path: str) -> bool:
    """Whether a field is on the form."""
    return path in shown_paths(screen)


async def open_fold(screen: SetupScreen, pilot: Pilot[None], name: str) -> None:
    """Show the fields that are folded away."""
    go_to(screen, f"fold:{name}")
    await pilot.press("enter")
    await until(pilot, lambda: name in form(screen).opened)


def outlook(screen: SetupScreen) -> str:
    """What stands beside the fields, or below them: each entry in one line."""
    lines = body(screen).view.outlook.lines(500)
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
