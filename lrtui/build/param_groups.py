"""Parameter groups: no weight decay for biases and norms, lower rates for lower layers."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from lrtui.catalog.offers import Field

DECAY_ALL = "decay_all"
LAYER_DECAY = "layer_decay"
RULES = frozenset((DECAY_ALL, LAYER_DECAY))

_DECAY_FIELD = Field(
    name=DECAY_ALL, kind="bool", default=True, help="weight decay on biases and norms too"
)
_LAYER_FIELD = Field(
    name=LAYER_DECAY,
    kind="float",
    default=1.0,
    help="factor of the learning rate from a layer to the one below it",
)

Group = dict[str, Any]  # as torch.optim takes it


def rule_fields(own: tuple[Field, ...]) -> tuple[Field, ...]:
    """The rules for an optimizer with these fields; `decay_all` only if it has weight decay."""
    names = {field.name for field in own}
    rules = []
    if "weight_decay" in names and DECAY_ALL not in names:
        rules.append(_DECAY_FIELD)
    if LAYER_DECAY not in names:
        rules.append(_LAYER_FIELD)
    return tuple(rules)


def make_groups(
    model: nn.Module, lr: float, decay_all: bool = True, layer_decay: float = 1.0
) -> list[Group]:
    """The trained parameters in groups. The first has the full rate: the test records it.

    Layers are those of `layers`. The last one is the head and has the rate `lr`; each layer below
    has `layer_decay` times the rate of the layer above it (arXiv 1801.06146, section 3.2).

    Args:
        model: the model
        lr: the rate of the head
        decay_all: if false, biases and norms (the parameters of one dimension) have no weight decay
        layer_decay: factor of the rate from a layer to the one below it
    """
    members: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for depth, layer in enumerate(reversed(list(layers(model)))):
        depth_of_group = 0 if layer_decay == 1.0 else depth
        for parameter in layer:
            without_decay = not decay_all and parameter.dim() <= 1
            members.setdefault((depth_of_group, without_decay), []).append(parameter)
    groups = []
    for depth, without_decay in sorted(members):
        group: Group = {"params": members[depth, without_decay], "lr": lr * layer_decay**depth}
        if without_decay:
            group["weight_decay"] = 0.0
        groups.append(group)
    return groups


def layers(model: nn.Module) -> Iterator[list[nn.Parameter]]:
    """The trained parameters of each layer, from bottom to top; a shared one belongs to the lowest.

    Layers are the model's children in order; of a Sequential or ModuleList each entry is a layer.
    """
    seen: set[nn.Parameter] = set()
    for module in [*_blocks(model), model]:
        parameters = []
        for parameter in module.parameters():
            if parameter.requires_grad and parameter not in seen:
                parameters.append(parameter)
        seen.update(parameters)
        if parameters:
            yield parameters


def _blocks(model: nn.Module) -> Iterator[nn.Module]:
    for child in model.children():
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from child.children()
        else:
            yield child
