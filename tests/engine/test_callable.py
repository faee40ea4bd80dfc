"""Signatures whose annotations name what only a type checker imports."""

import sys
from typing import Any

import pytest

from lrtui.build.signatures import annotations_of, is_builder, signature_of
from lrtui.engine.reading.callable import signature_of_callable
from lrtui.engine.reading.signature import signature_of as signature_of_forward

# From Python 3.14 on, annotations are evaluated when they are read.
FIRST = "" if sys.version_info >= (3, 14) else "from __future__ import annotations"
CODE = f"""{FIRST}
from torch import nn

def build(width: Width = 8, depth: int = 2) -> Net: ...

class Net(nn.Module):
    def forward(self, images: Images, labels: torch.Tensor | None = None): ...
"""


@pytest.fixture
def names() -> dict[str, Any]:
    made: dict[str, Any] = {}
    exec(CODE, made)
    return made


def test_an_annotation_that_names_nothing_is_its_text(names: dict[str, Any]) -> None:
    parameters = signature_of_callable(names["build"]).parameters
    assert [parameter.annotation for parameter in parameters.values()] == ["Width", "int"]
    assert annotations_of(names["build"]) == {"width": "Width", "depth": "int"}


def test_fields_and_forwards_are_read_all_the_same(names: dict[str, Any]) -> None:
    fields = signature_of(names["build"]).fields
    assert [(field.name, field.kind) for field in fields][1] == ("depth", "int")
    assert not is_builder(names["build"])
    forward = signature_of_forward(names["Net"]())
    assert [slot.name for slot in forward.required] == ["images"]
    assert [slot.name for slot in forward.options] == ["labels"]


def test_what_has_no_signature_is_refused() -> None:
    with pytest.raises(TypeError):
        signature_of_callable(5)  # type: ignore[arg-type]
