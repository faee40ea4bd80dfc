"""The fields of the form and the sections that they stand in.

Their types, choices and help are the declarations of the spec.
"""

from typing import Any

import msgspec

from lrtui.catalog.offers import Field, Role
from lrtui.catalog.values import show
from lrtui.specfields import declaration_of


def setting_field(path: str) -> Field:
    """The form's field for a setting of the spec."""
    declaration = declaration_of(path)
    return Field(
        name=declaration.name,
        kind=declaration.kind,
        choices=declaration.choices,
        help=declaration.help,
    )


def setting_fields(*paths: str) -> dict[str, Field]:
    """The fields of a section, by path."""
    return {path: setting_field(path) for path in paths}


PLAN = setting_fields("plan.schedule", "plan.steps")
RANGE = setting_fields("range.start_lr", "range.end_lr", "range.num_iter")
BATCH_SIZE = setting_fields("loader.batch_size")  # stands with the data
# Folded away: what most runs leave alone.
MORE_PLAN = setting_fields("plan.epochs", "plan.warmup")
MORE_RANGE = setting_fields(
    "range.mode",
    "range.repeats",
    "range.accumulation_steps",
    "range.smooth_f",
    "range.diverge_th",
    "range.val",
)
BATCHES = setting_fields("loader.subset", "loader.workers", "seed")
MACHINE = setting_fields("device", "precision")
REST = setting_fields(
    "batch",
    "range.val_batches",
    "loader.val_fraction",
    "range.metric_mode",
    "range.vary",
    "range.warmup",
    "range.iterations_per_lr",
    "range.clip_grad_norm",
    "range.create_graph",
    "range.max_seconds",
    "channels_last",
    "cudnn_benchmark",
    "compile",
    "snapshot",
    "init_device",
    "devices.nproc",
    "devices.shard",
    "devices.nnodes",
    "devices.node_rank",
    "devices.rdzv_endpoint",
    "devices.timeout",
)
# The worker adds the machine's devices when it is ready.
MACHINE["device"] = msgspec.structs.replace(MACHINE["device"], choices=("auto", "cpu"))

MORE = {"plan": MORE_PLAN, "test": MORE_RANGE, "batches": BATCHES, "machine": MACHINE, "rest": REST}
SETTINGS = {**BATCH_SIZE, **PLAN, **RANGE}
for section in MORE.values():
    SETTINGS |= section
MAIN_ROLES: tuple[Role, ...] = ("model", "data", "optimizer", "loss")
MORE_ROLES: tuple[Role, ...] = ("metric", "step")
ROLES = MAIN_ROLES + MORE_ROLES
# The arguments that matter for a range test; the others are folded away while they are defaults.
MATTER: dict[Role, tuple[str, ...]] = {"optimizer": ("betas", "momentum", "weight_decay")}
FEW = 3  # of so few arguments all are shown
EXTRA = Field(
    name="**",
    kind="other",
    default_text="{}",
    annotation="a table",
    help="more keyword arguments, such as {depth = 3}",
)


def text_of(field: Field, value: Any) -> str:
    """A value as a person types it. A learning rate of 1e-7 stays short."""
    if isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    return show(field, value)


def default_text(field: Field) -> str:
    """The text of an untouched field; "" where it is required or its default is not plain data."""
    if field.required or field.default_text:
        return ""
    return text_of(field, field.default)
