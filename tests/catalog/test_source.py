"""The offers of a file are read from its source; nothing of it runs."""

from pathlib import Path

import pytest

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Field, Role
from lrtui.catalog.source.reader import offers_in_file
from tests.user_files import WriteFile


def fields(path: Path, name: str = "f", role: Role = "model") -> dict[str, Field]:
    offer = next(offer for offer in offers_in_file(path, role) if offer.target.endswith(f":{name}"))
    return {field.name: field for field in offer.fields}


def test_nothing_is_executed(user_file: WriteFile, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    path = user_file(f"""
        open({str(proof)!r}, "w").close()
        raise SystemExit(3)
        def f(width: int = print("ran")): ...
    """)
    assert fields(path)["width"].default_text == "print('ran')"
    assert not proof.exists()


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("x: int = 3", {"kind": "int", "default": 3}),
        ("x: float = 1", {"kind": "float", "default": 1.0}),
        ("x: bool = True", {"kind": "bool", "default": True}),
        ("x: str = 'a'", {"kind": "str", "default": "a"}),
        ("x: 'int | None' = None", {"kind": "int", "optional": True, "default": None}),
        ("x: Optional[float] = 0.5", {"kind": "float", "optional": True, "default": 0.5}),
        ("x: Union[int, None] = 2", {"kind": "int", "optional": True}),
        ("x: Literal['a', 'b'] = 'b'", {"kind": "choice", "choices": ("a", "b"), "default": "b"}),
        ("x: Literal[1, 2] = 2", {"kind": "choice", "choices": ("1", "2")}),
        (
            "x: Shade = Shade.DARK",
            {"kind": "choice", "choices": ("LIGHT", "DARK"), "default": "DARK"},
        ),
        (
            "x: tuple[int, int] = (3, 4)",
            {"kind": "tuple", "item": "int", "length": 2, "default": (3, 4)},
        ),
        ("x: typing.Tuple[float, ...] = ()", {"kind": "tuple", "item": "float", "length": None}),
        ("x: list[str] = ['a']", {"kind": "tuple", "item": "str", "length": None}),
        ("x: int | tuple[int, int] = 3", {"kind": "other", "default": 3}),
        (
            "x: nn.Module = nn.ReLU()",
            {"kind": "other", "default": None, "default_text": "nn.ReLU()"},
        ),
        ("x=4", {"kind": "int", "default": 4}),
        ("x=0.5", {"kind": "float"}),
        ("x=False", {"kind": "bool"}),
        ("x=(1, 2.5)", {"kind": "tuple", "item": "float", "length": None}),
        ("x=None", {"kind": "other", "optional": True}),
        ("x=WIDTH * 2", {"kind": "int", "default": 64}),
        ("x=-1e-3", {"kind": "float", "default": -1e-3}),
        ("x: float = 1e999", {"kind": "float", "default": None, "default_text": "1e309"}),
        ("x", {"kind": "other", "required": True}),
        ("x: int", {"kind": "int", "required": True}),
        ("*, x: int = 1", {"kind": "int", "default": 1}),
    ],
)
def test_a_parameter_becomes_a_field(
    user_file: WriteFile, parameter: str, expected: dict[str, object]
) -> None:
    path = user_file(f"""
        import enum
        WIDTH = 32
        class Shade(enum.Enum):
            LIGHT = 1
            DARK = 2
        def f({parameter}): ...
    """)
    found = fields(path)["x"]
    assert {name: getattr(found, name) for name in expected} == expected


def test_a_parameter_that_has_no_keyword_is_not_a_field(user_file: WriteFile) -> None:
    path = user_file("def f(a, /, b=1, *args, c=2, **kwargs): ...")
    offer = offers_in_file(path)[0]
    assert [field.name for field in offer.fields] == ["b", "c"]
    assert offer.more


def test_a_class_has_the_signature_of_the_init_that_it_inherits(user_file: WriteFile) -> None:
    path = user_file("""
        class Base(nn.Module):
            def __init__(self, width: int = 1): ...
        class Net(Base):
            '''A net.

            Args:
                width: how wide
            '''
    """)
    found = fields(path, "Net")
    assert found["width"].default == 1
    assert found["width"].help == "how wide"


def test_a_class_with_an_unknown_init_takes_any_argument(user_file: WriteFile) -> None:
    path = user_file("from other import Base\nclass Net(Base): ...\nclass Plain(nn.Module): ...")
    offers = {offer.target.rpartition(":")[2]: offer for offer in offers_in_file(path)}
    assert offers["Net"].more
    assert not offers["Plain"].more


def test_a_dataclass_has_its_annotations_as_signature(user_file: WriteFile) -> None:
    path = user_file("""
        from dataclasses import dataclass, field
        from typing import ClassVar
        @dataclass(frozen=True)
        class Base:
            width: int
            shared: ClassVar[int] = 3
        @dataclass
        class Net(Base, nn.Module):
            depth: int = 2
            cache: dict = field(init=False)
            names: list[str] = field(default_factory=list)
    """)
    found = fields(path, "Net")
    assert list(found) == ["width", "depth", "names"]
    assert found["width"].required
    assert not found["names"].required


def test_modules_come_first_then_what_makes_them(user_file: WriteFile) -> None:
    path = user_file("""
        from torch import nn
        from other import Imported
        def helper(text): ...
        class Config: ...
        class Perhaps(Imported): ...
        class Shade(enum.Enum): ...
        def step(model, batch): ...
        def named(model: str): ...
        def small(width=1): return Net(width)
        class _Hidden(nn.Module): ...
        class Net(_Hidden): ...
        def _private(): ...
        if True:
            class Late(nn.Module): ...
    """)
    assert [offer.target.rpartition(":")[2] for offer in offers_in_file(path)] == [
        "Net",
        "Late",
        "small",
        "helper",
        "named",
        "Perhaps",
    ]


def test_parameters_that_the_test_fills_are_not_fields(user_file: WriteFile) -> None:
    path = user_file("""
        def make(params, lr=1e-3, momentum=0.9): ...
        def loss(output, target, weight=1.0): ...
    """)
    assert list(fields(path, "make", "optimizer")) == ["momentum"]
    assert list(fields(path, "loss", "loss")) == ["weight"]


@pytest.mark.parametrize("text", ["def f(:\n  pass", "x = 1\n\n\n  y = 2", "class A\n"])
def test_a_syntax_error_is_reported_with_its_line(user_file: WriteFile, text: str) -> None:
    path = user_file(text, "broken.py")
    with pytest.raises(CatalogError, match=r"broken\.py:\d+: ") as caught:
        offers_in_file(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\x00\x01", b"\xff\xfe\x00", b"x = '\xe9'", b"(" * 5000])
def test_a_file_that_is_not_source_fails_with_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rubbish.py"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"rubbish\.py"):
        offers_in_file(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"nowhere\.py: No such file"):
        offers_in_file(tmp_path / "nowhere.py")


def test_classes_that_inherit_in_a_circle_end(user_file: WriteFile) -> None:
    path = user_file("class A(B): ...\nclass B(A): ...")
    assert len(offers_in_file(path)) == 2
