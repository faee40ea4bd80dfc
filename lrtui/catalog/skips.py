"""Which parameters of a callable are not a person's to fill: the test gives them."""

from lrtui.catalog.offers import Field, Role

OPTIMIZERS = ("optimizers", "optimizer")  # a step that takes these does the whole update itself


def leading(role: Role, kind: str) -> int:
    """How many leading parameters are the test's: `params` or `model`, (output, target), (model, batch)."""
    if role == "optimizer":
        return 1
    return 2 if role in ("loss", "metric", "step") and kind == "function" else 0


def without(fields: tuple[Field, ...], role: Role, kind: str) -> tuple[Field, ...]:
    """The fields that are left for the form; an optimizer's `lr` is what the test finds out."""
    rest = fields[leading(role, kind) :]
    if role == "step" and rest and rest[0].name in OPTIMIZERS:
        rest = rest[1:]
    return tuple(field for field in rest if field.name != "lr") if role == "optimizer" else rest
