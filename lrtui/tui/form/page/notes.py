"""Notes: what stands below a target or a setting, and on the line of help."""

from lrtui.catalog.offers import Role
from lrtui.specfields import declaration_of
from lrtui.tui.form.form import Form, role_of
from lrtui.tui.form.page.rows import type_text

_WAITING = "its arguments are listed when torch is loaded …"


def error_at(form: Form, role: Role) -> str:
    """What is wrong with the target of a role, "" where nothing is known to be."""
    lookup = form.lookups[role]
    if lookup.state == "wrong":
        return lookup.message
    if role == "data" and lookup.state != "waiting":
        return form.data_watch.problem
    return ""


def note_at(form: Form, role: Role) -> str:
    """What a target is, in one line below it."""
    lookup = form.lookups[role]
    if lookup.state == "waiting":
        return form.session.problem or _WAITING
    return lookup.offer.summary if lookup.offer is not None else ""


def note_beside(form: Form, role: Role) -> str:
    """What `auto` and `none` mean for a role, in one line beside them."""
    text = form.state.texts[role]
    if role == "loss" and text == "auto":
        return _automatic_loss(form)
    if role == "loss" and text == "none":
        return "the model returns its loss"
    return ""


def changed_by_pick(form: Form, path: str) -> str:
    """That the pick of a model changed this field, and why; "" where it did not."""
    if role_of(path) not in (None, path):
        return ""
    before = form.state.prefill.before(path, form.state.texts[path])
    if before is None:
        return ""
    file = form.state.texts["model"].rpartition(":")[0].rpartition("/")[2]
    return f"was {before or 'empty'}: the SPEC in {file} sets it"


def help_of(form: Form, path: str) -> str:
    """The line of help of a field."""
    role = role_of(path)
    if path == role:
        return f"{role}: {declaration_of(role).help}; Enter lists"
    field = form.field(path)
    name = path.rpartition(".")[2]
    if not field.help:
        return f"{name}: {type_text(field)}"
    return f"{name}: {field.help} — {type_text(field)}"


def kept_text(form: Form) -> str:
    """What the model's file sets, and a person had typed before: that stays."""
    kept = form.state.prefill.kept
    if not kept:
        return ""
    return f"its file sets {', '.join(kept)}: yours is kept"


def _automatic_loss(form: Form) -> str:
    """The loss that fits the data, as far as the first batch tells."""
    facts = form.data_watch.facts
    if facts is None:
        return "chosen for the data"
    if facts.classes is not None:
        return "cross entropy, because the targets are class labels"
    if facts.outputs:
        return "mean squared error, because the targets are numbers"
    return "chosen for the data"
