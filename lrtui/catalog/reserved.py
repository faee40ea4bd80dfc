"""Parameters that the range test fills itself: a form does not ask for them."""

from typing import Literal

from lrtui.catalog.offers import Field, Role

OPTIMIZERS = ("optimizers", "optimizer")  # a step that takes these does the whole update itself


def leading(role: Role, kind: Literal["class", "function"]) -> int:
    """How many leading parameters the test fills.

    These are `params` or `model` of an optimizer; (output, target) of a loss or a metric; (model,
    batch) of a step.
    """
    if role == "optimizer":
        return 1
    if role in ("loss", "metric", "step") and kind == "function":
        return 2
    return 0


def without_reserved(
    fields: tuple[Field, ...], role: Role, kind: Literal["class", "function"]
) -> tuple[Field, ...]:
    """The fields that a form asks for: not the leading ones, nor `lr`, which the test finds."""
    asked = fields[leading(role, kind) :]
    names = [field.name for field in asked]
    if role == "step" and names and names[0] in OPTIMIZERS:
        return asked[1:]
    if role == "optimizer" and "lr" in names:
        position = names.index("lr")
        return (*asked[:position], *asked[position + 1 :])
    return asked
