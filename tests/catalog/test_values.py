"""Values are parsed, checked and shown; what is shown is parsed back."""

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lrtui.catalog.offers import Field, Kind, Offer
from lrtui.catalog.values import check, parse, show

# a busy machine must not fail a test
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
INT64 = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
KINDS = {"int": INT64, "float": FLOATS, "bool": st.booleans(), "str": st.text()}
PLAIN = st.recursive(
    INT64 | FLOATS | st.booleans() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@CALM
@given(st.data(), st.sampled_from(sorted(KINDS)), st.booleans())
def test_what_is_shown_is_read_back(data: st.DataObject, kind: Kind, optional: bool) -> None:
    field = Field(name="x", kind=kind, optional=optional)
    value = data.draw(KINDS[kind] | (st.none() if optional else st.nothing()))
    again = parse(field, show(field, value))
    assert again == value
    assert type(again) is type(value)


@CALM
@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_a_tuple_that_is_shown_is_read_back(data: st.DataObject, item: Kind) -> None:
    field = Field(name="x", kind="tuple", item=item)
    value = data.draw(st.lists(KINDS[item], max_size=5).map(tuple))
    assert parse(field, show(field, value)) == value


@CALM
@given(PLAIN)
def test_a_toml_value_that_is_shown_is_read_back(value: object) -> None:
    field = Field(name="x", kind="other")
    assert parse(field, show(field, value)) == value


@CALM
@given(st.text(), st.sampled_from([*sorted(KINDS), "choice", "tuple", "other"]))
def test_whatever_is_typed_is_read_or_refused_in_one_line(text: str, kind: Kind) -> None:
    field = Field(name="x", kind=kind, choices=("a", "b"))
    try:
        value = parse(field, text)
    except ValueError as error:
        said = str(error)
    else:
        said = "expected nothing else"
        assert msgspec.json.decode(msgspec.json.encode(value)) is not None or value is None
    assert said.startswith("expected ")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("int", "3.5", "expected a whole number, got '3.5'"),
        ("int", "", "expected a whole number, got ''"),
        ("int", "9" * 30, "expected a whole number"),
        ("float", "0,1", "expected a number, got '0,1'"),
        ("float", "nan", "expected a number"),
        ("float", "1e999", "expected a number"),
        ("bool", "maybe", "expected true or false, got 'maybe'"),
        ("choice", "rleu", "expected one of relu, gelu, got 'rleu'; did you mean 'relu'?"),
        ("tuple", "1, 2, 3", "expected 2 numbers, got '1, 2, 3'"),
        ("tuple", "1, b", "expected a number, got 'b'"),
        ("other", "nn.ReLU", "expected a TOML value, got 'nn.ReLU'"),
        ("other", "1\nb = 2", "expected a TOML value"),
        ("other", "1979-05-27", "expected a TOML value"),
    ],
)
def test_wrong_text_is_refused_with_what_was_expected(kind: Kind, text: str, message: str) -> None:
    field = Field(
        name="x", kind=kind, choices=("relu", "gelu"), length=2 if kind == "tuple" else None
    )
    with pytest.raises(ValueError) as caught:
        parse(field, text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "1_000", 1000),
        ("int", "1e3", 1000),
        ("float", "3", 3.0),
        ("bool", "Yes", True),
        ("choice", "RELU", "relu"),
        ("tuple", "(0.9, 0.999)", (0.9, 0.999)),
        ("tuple", "1", (1.0,)),
        ("other", "[1, 2]", [1, 2]),
    ],
)
def test_text_may_be_written_in_several_ways(kind: Kind, text: str, value: object) -> None:
    assert parse(Field(name="x", kind=kind, choices=("relu", "gelu")), text) == value


OFFER = Offer(
    target="net.py:Net",
    fields=(
        Field(name="width", kind="int", default=3),
        Field(name="rate", kind="float", default=0.1),
        Field(name="bias", kind="bool", default=True),
        Field(name="name", kind="str", default="a"),
        Field(name="act", kind="choice", default="relu", choices=("relu", "gelu")),
        Field(name="betas", kind="tuple", default=(0.9, 0.99), length=2),
        Field(name="depth", kind="int", required=True),
        Field(name="limit", kind="int", optional=True),
    ),
)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"width": True}, "width: expected a whole number, got 'true'"),
        ({"width": 2.0}, "width: expected a whole number, got '2.0'"),
        ({"width": "3"}, "width: expected a whole number, got '3'"),
        ({"rate": False}, "rate: expected a number, got 'false'"),
        ({"bias": 1}, "bias: expected true or false, got '1'"),
        ({"name": 1}, "name: expected text, got '1'"),
        ({"act": "tanh"}, "act: expected one of relu, gelu, got 'tanh'"),
        ({"betas": [0.9]}, "betas: expected 2 numbers, got '[0.9]'"),
        ({"betas": [0.9, True]}, "betas: expected 2 numbers, got '[0.9, true]'"),
        ({"width": None}, "width: expected a whole number, got none"),
        ({"witdh": 3}, "witdh: there is no such parameter; did you mean 'width'?"),
    ],
)
def test_wrong_arguments_are_named(args: dict[str, object], expected: str) -> None:
    assert [str(problem) for problem in check(OFFER, {"depth": 1, **args})] == [expected]


@pytest.mark.parametrize(
    "args", [{"rate": 1}, {"betas": [1, 0.5]}, {"betas": (1, 0.5)}, {"limit": None}, {"limit": 3}]
)
def test_right_arguments_pass(args: dict[str, object]) -> None:
    assert check(OFFER, {"depth": 1, **args}) == []


def test_a_missing_required_argument_is_named() -> None:
    assert [str(problem) for problem in check(OFFER, {})] == ["depth: is required"]


def test_unknown_arguments_pass_if_the_callable_takes_any() -> None:
    assert check(Offer(target="a:b", more=True), {"anything": 1}) == []


@CALM
@given(st.text())
def test_optional_text_that_is_shown_is_read_back(value: str) -> None:
    assume(value)
    field = Field(name="x", kind="str", optional=True)
    assert parse(field, show(field, value)) == value
