"""Settings: each declares its type, limits and help once.

Flags, form, files and checks are derived from a field's annotation, such as
`num_iter: Annotated[int, setting("optimizer steps", ge=2)] = 400`; `declarations` reads it. The
spec and the engine differ in names and defaults; the types that they share are at the end.

The limits are in the `extra` of `msgspec.Meta`, not in its own `ge` and `le`: msgspec enforces
those whenever it decodes, and a run record of live objects may hold a value that a form refuses.
"""

import math
from collections.abc import Mapping
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

Kind = Literal["int", "float", "bool", "str", "choice", "other"]

_KINDS: Mapping[object, Kind] = {int: "int", float: "float", bool: "bool", str: "str"}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The range of a number. NaN is outside every limit."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    finite: bool = False

    def problem(self, value: float) -> str:
        """What a value outside the limits must be; "" for one inside."""
        if self.finite and not math.isfinite(value):
            return "must be a finite number"
        if self.lt is not None:
            return self._interval_problem(value, self.lt)
        if self.gt is not None and not value > self.gt:
            return f"must be above {_shown(self.gt)}"
        if self.ge is not None and not value >= self.ge:
            return _below(self.ge)
        if self.le is not None and not value <= self.le:
            return f"must be at most {_shown(self.le)}"
        return ""

    def _interval_problem(self, value: float, end: float) -> str:
        if self.gt is not None:
            inside = self.gt < value < end
            message = f"must be between {_shown(self.gt)} and {_shown(end)}"
        else:
            start = self.ge or 0
            inside = start <= value < end
            message = f"must be in [{_shown(start)}, {_shown(end)})"
        return "" if inside else message


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """A setting, as the annotation of its field declares it."""

    name: str
    kind: Kind
    optional: bool = False  # None is a value too
    choices: tuple[str, ...] = ()
    help: str = ""
    limits: Limits = Limits()

    def problem(self, value: Any) -> str:
        """What is wrong with a value; "" for one that can be used."""
        if value is None and self.optional:
            return ""
        if self.choices and value not in self.choices:
            return f"expected one of ({', '.join(self.choices)}), got {value}"
        if self.kind == "str" and not isinstance(value, str):
            return f"must be text, got {value!r}"
        if self.kind == "int" and not isinstance(value, Integral):
            return f"must be an integer, got {value!r}"
        if self.kind == "float" and not isinstance(value, Real):
            return f"must be a number, got {value!r}"
        return self._limits_problem(value)

    def _limits_problem(self, value: Any) -> str:
        if self.kind not in ("int", "float"):
            return ""
        message = self.limits.problem(value)
        if not message:
            return ""
        got = value if self.kind == "int" else f"{value:g}"
        return f"{message}, got {got}"


def setting(
    help: str,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    finite: bool = False,
) -> msgspec.Meta:
    """The metadata of a setting: what it is for, and the limits of a number."""
    limits = Limits(ge=ge, gt=gt, le=le, lt=lt, finite=finite)
    return msgspec.Meta(description=help, extra={"limits": limits})


@cache
def declarations(owner: type) -> Mapping[str, Declaration]:
    """The settings of a struct or dataclass, by name, in the order of its fields."""
    hints = get_type_hints(owner, include_extras=True)
    return {name: _declaration(name, hint) for name, hint in hints.items()}


def _declaration(name: str, hint: object) -> Declaration:
    hint, optional = _without_none(hint)
    hint, meta = _without_meta(hint)
    choices: tuple[str, ...] = ()
    kind = _KINDS.get(hint, "other")
    if get_origin(hint) is Literal:
        choices, kind = get_args(hint), "choice"
    return Declaration(
        name=name,
        kind=kind,
        optional=optional,
        choices=choices,
        help=meta.description or "",
        limits=(meta.extra or {}).get("limits", Limits()),
    )


def _without_none(hint: object) -> tuple[object, bool]:
    """The type in `type | None`, and whether None was part of it."""
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    members = [member for member in get_args(hint) if member is not NoneType]
    optional = len(members) < len(get_args(hint))
    if len(members) > 1:
        return object, optional
    return members[0], optional


def _without_meta(hint: object) -> tuple[object, msgspec.Meta]:
    if get_origin(hint) is not Annotated:
        return hint, msgspec.Meta()
    kind, *metadata = get_args(hint)
    return kind, next(meta for meta in metadata if isinstance(meta, msgspec.Meta))


def _below(minimum: float) -> str:
    if minimum == 0:
        return "must not be negative"
    return f"must be at least {_shown(minimum)}"


def _shown(number: float) -> str:
    """A limit as a person writes it: 0.5, 1,000,000,000 or 2**63."""
    if not isinstance(number, int):
        return f"{number:g}"
    if number > 10**12 and number.bit_count() == 1:
        return f"2**{number.bit_length() - 1}"
    return f"{number:,}"


# What a spec and the engine's Settings share.

BatchItems = Annotated[
    str,
    setting(
        "what each item of a batch is, such as inputs,mask→mask,target: the next input, a "
        "parameter of the forward, target, or _ (not used); empty: as the forward's signature says"
    ),
]

SnapshotPlace = Annotated[
    Literal["auto", "cpu", "device"],
    setting(
        "memory for the copy that puts model and optimizer back: the device, or pinned on the cpu; "
        "auto: the cpu where a GPU is short"
    ),
]
Mode = Annotated[
    Literal["exp", "linear"],
    setting("how the learning rate rises: by a constant factor (exp) or a constant step (linear)"),
]
NumIter = Annotated[
    int,
    setting("optimizer steps of the ramp; fewer than 250 give no answer", ge=2, le=10**9),
]
SmoothF = Annotated[
    float, setting("weight of the newest loss in the smoothed loss; 0: no smoothing", ge=0, lt=1)
]
DivergeTh = Annotated[
    float, setting("stop when the smoothed loss exceeds this multiple of the best", gt=1)
]
AccumulationSteps = Annotated[int, setting("batches per optimizer step", ge=1)]
IterationsPerLr = Annotated[
    int, setting("iterations at each learning rate; above 1 the ramp is a staircase", ge=1)
]
Warmup = Annotated[int, setting("iterations at start_lr before the ramp, not recorded", ge=0)]
ValBatches = Annotated[
    int, setting("validation batches after each step; 0: the whole validation set", ge=0)
]
Repeats = Annotated[int, setting("curves to measure, each from the same start", ge=1)]
Vary = Annotated[
    Literal["data", "init"],
    setting("what differs between repeats: the data order (data) or the initialisation (init)"),
]
MaxSeconds = Annotated[
    float, setting("seconds that all repeats may take; 0 (in Python None): no limit", ge=0)
]
ClipGradNorm = Annotated[
    float, setting("largest total norm of the gradients; 0 (in Python None): no clipping", ge=0)
]
CreateGraph = Annotated[
    bool,
    setting("keep the graph of the gradients, for optimizers that differentiate them once more"),
]
MetricMode = Annotated[
    Literal["max", "min"], setting("whether a larger or a smaller metric is better")
]
