"""Parameter groups: who is spared weight decay, and how the rate falls from layer to layer. Worker only."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from lrtui.catalog.offers import Field

DECAY_ALL = "decay_all"
LAYER_DECAY = "layer_decay"

FIELDS = (
    Field(name=DECAY_ALL, kind="bool", default=True, help="weight decay on biases and norms too"),
    Field(
        name=LAYER_DECAY,
        kind="float",
        default=1.0,
        help="factor of the learning rate from a layer to the one below it",
    ),
)


def fields_for(known: tuple[Field, ...]) -> tuple[Field, ...]:
    """The options that an optimizer gets beside its own: decay only where it has one."""
    names = {field.name for field in known}
    return tuple(
        field
        for field in FIELDS
        if field.name not in names and (field.name != DECAY_ALL or "weight_decay" in names)
    )


def groups(
    model: nn.Module, lr: float, decay_all: bool = True, layer_decay: float = 1.0
) -> list[dict[str, Any]]:
    """The trained parameters in groups; the first has the full rate, so that it is the one that the test records.

    Biases and norms are the parameters of one dimension. Layers are those of `layers`; the last is the head, whose rate
    is `lr`, and each one below it has `layer_decay` times that of the one above (arXiv 1801.06146, section 3.2).
    """
    made: dict[tuple[int, bool], list[nn.Parameter]] = {}
    ladder = list(layers(model))
    for height, part in enumerate(reversed(ladder)):
        for parameter in part:
            spared = not decay_all and parameter.dim() <= 1
            made.setdefault((height if layer_decay != 1.0 else 0, spared), []).append(parameter)
    return [
        {
            "params": params,
            "lr": lr * layer_decay**height,
            **({"weight_decay": 0.0} if spared else {}),
        }
        for (height, spared), params in sorted(made.items(), key=lambda entry: entry[0])
    ]


def layers(model: nn.Module) -> Iterator[list[nn.Parameter]]:
    """A model's trained parameters from bottom to top: its children in order, a list of blocks taken block by block."""
    seen: set[int] = set()
    for part in [*_opened(model), model]:
        own = [one for one in part.parameters() if one.requires_grad and id(one) not in seen]
        seen.update(id(one) for one in own)
        if own:
            yield own


def _opened(model: nn.Module) -> Iterator[nn.Module]:
    for child in model.children():
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from child.children()
        else:
            yield child
