"""What a tracking plan finds in an event and learns from many, and that no value that was sent gets into it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.collect.domain import plans
from heed.collect.domain.plans import MOST_PROBLEMS, Checker, PlanError, Problem, proposed, read_schema

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["order_id", "value"],
    "additionalProperties": False,
    "properties": {
        "order_id": {"type": "string"},
        "value": {"type": "number", "minimum": 0},
        "currency": {"enum": ["EUR", "SEK"]},
        "sku": {"type": "string", "pattern": "^[A-Z]{2}-"},
        "products": {"type": "array", "items": {"properties": {"price": {"type": "number"}}}},
    },
}


def problems(properties: dict[str, Any]) -> set[tuple[str, str]]:
    return said_of(Checker(SCHEMA), properties)


def said_of(checker: Checker, properties: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (each.property, f"{each.words}; {hint}" if hint else each.words)
        for each, hint in checker.problems(properties).items()
    }


def test_what_is_wrong_is_said_by_property_and_in_words() -> None:
    assert problems({"order_id": "1", "value": 3}) == set()
    found = problems({
        "value": "12.50", "currency": "kr", "sku": "xx", "ordr_id": "1", "ada@example.org": 1,
        "products": [{"price": "1"}, {"price": 1}, {"price": "2"}],
    })  # fmt: skip
    assert found == {
        ("order_id", "is missing; “ordr_id” is there instead"),
        ("value", "is text instead of a number"),
        ("currency", "is none of the values the plan names"),
        ("sku", "is not written as the plan says"),
        ("ordr_id", "is not in the plan; did you mean “order_id”?"),
        ("…", "is not in the plan"),
        ("products[].price", "is text instead of a number"),
    }
    assert problems({"order_id": "1", "value": -1}) == {("value", "is smaller than the plan allows")}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("{", "not JSON"), ("[]", "object"), ('{"type": "strin"}', "JSON Schema"),
        ('{"$ref": "https://example.org/x.json"}', "elsewhere"), ('{"$ref": "file:///etc/passwd"}', "elsewhere"),
        ('{"pattern": "("}', "regex"), ('{"pattern": "(?=a)"}', "regex"), ('{"title": "' + "x" * 70_000 + '"}', "larger"),
        ('{"title": "\\u0000"}', "NUL"),
        ('{"title": "\\ud800"}', "JSON"),
        ('{"minimum": NaN}', "NaN"), ("[" * 60_000, "JSON"), ('{"$ref": "#/$defs/none"}', "JSON Schema"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_says_why(schema: str, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        read_schema(schema)


def test_a_pattern_cannot_be_made_to_take_for_ever() -> None:
    checker = Checker(read_schema('{"properties": {"a": {"pattern": "^(a+)+$"}}}'))
    assert checker.problems({"a": "a" * 30_000 + "!"})


_words = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
_properties = st.dictionaries(st.sampled_from([*SCHEMA["properties"], "other"]) | _words, _json, max_size=6)


@settings(max_examples=200, deadline=None)
@given(_properties)
def test_no_properties_break_a_check_and_no_value_is_told(properties: dict[str, Any]) -> None:
    found = Checker(SCHEMA).problems(properties)
    assert len(found) <= MOST_PROBLEMS
    told = {each.words for each in found} | set(found.values())
    for value in properties.values():
        if isinstance(value, str) and len(value) > 5:
            assert not any(value in words for words in told)


@settings(max_examples=150, deadline=None)
@given(st.lists(_properties, max_size=8))
def test_whatever_was_learnt_from_is_as_the_proposal_says(many: list[dict[str, Any]]) -> None:
    checker = Checker(read_schema(json.dumps(proposed(many).schema)))
    for each in many:
        assert checker.problems(each) == {}


def test_a_proposal_says_types_and_what_all_have() -> None:
    many = [
        {"order_id": f"{i}", "value": i * 1.5 or 0, "lines": [{"sku": "A"}, {"sku": None}]} for i in range(40)
    ]
    many[3]["coupon"] = "X"
    many[4]["bob@example.org"] = 1
    found = proposed(many)
    assert found.schema["required"] == ["lines", "order_id", "value"]
    assert found.schema["properties"]["value"]["type"] == "number"
    assert found.schema["properties"]["lines"]["items"]["properties"]["sku"]["type"] == ["null", "string"]
    shares = {each.path: each.share for each in found.learnt}
    assert (shares["order_id"], shares["coupon"], shares["lines[].sku"]) == (1.0, 1 / 40, 1.0)
    assert "bob" not in json.dumps(found.schema)


def test_a_problem_is_the_same_problem_again() -> None:
    assert Problem("a", "b") == Problem("a", "b")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"orderId": "1"}, {("order_id", "is missing; “orderId” is there instead"),
                            ("orderId", "is not in the plan; did you mean “order_id”?")}),
        ({"order_id": "1", "curency": "EUR"}, {("curency", "is not in the plan; did you mean “currency”?")}),
        ({"order_id": "1", "colour": "red"}, {("colour", "is not in the plan")}),
        ({"order_id": "1", "items": [{"Sku": "a"}]}, {("items[].sku", "is missing; “Sku” is there instead"),
                                                     ("items[].Sku", "is not in the plan; did you mean “sku”?")}),
    ],
)  # fmt: skip
def test_a_slip_in_a_name_is_told_with_the_name_that_was_meant(
    sent: dict[str, Any], said: set[tuple[str, str]]
) -> None:
    item = {"properties": {"sku": {}}, "required": ["sku"], "additionalProperties": False}
    checker = Checker({
        "properties": {"order_id": {}, "currency": {}, "items": {"items": {"$ref": "#/$defs/item"}}},
        "required": ["order_id"], "additionalProperties": False, "$defs": {"item": item},
    })  # fmt: skip
    assert said_of(checker, sent) == said


@pytest.mark.parametrize(
    ("schema", "sent", "said"),
    [
        ({"properties": {"email_id": {}}, "if": {}, "then": {"required": ["email"]}}, {"email_id": 1},
         {("email", "is missing")}),
        ({"properties": {"email_id": {}}, "allOf": [{"required": ["email"]}]}, {"email_id": 1},
         {("email", "is missing")}),
        ({"patternProperties": {"^sku_": {}}, "required": ["sku"]}, {"sku_1": 1}, {("sku", "is missing")}),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"required": ["sku"]}}, "properties": {"sku1": {}}}, {"sku1": 1},
         {("sku", "is missing")}),
        ({"properties": {"__": {}, "1": {}}, "additionalProperties": False}, {"$$": 1, "11": 1},
         {("$$", "is not in the plan"), ("11", "is not in the plan")}),
        ({"properties": {"skus": {}, "items": {"items": {"properties": {"prices": {}}}}}, "additionalProperties": False},
         {"price": 1, "sku": 1},
         {("price", "is not in the plan"), ("sku", "is not in the plan; did you mean “skus”?")}),
        ({"allOf": [{"properties": {"sku": {}}}], "properties": {"skus": {}}, "additionalProperties": False}, {"sku": 1},
         {("sku", "is not in the plan")}),
        ({"allOf": [{"properties": {"sku": {}}}], "unevaluatedProperties": False}, {"Sku": 1},
         {("Sku", "is not in the plan; did you mean “sku”?")}),
        ({"properties": {"properties": {"properties": {"sku1": {}}}}, "required": ["sku"]}, {"sku1": 1, "properties": {}},
         {("sku", "is missing")}),
        ({"$defs": {"unused": {"patternProperties": {"(": {}}}}, "required": ["sku"]}, {"sku1": 1},
         {("sku", "is missing; “sku1” is there instead")}),
        ({"x": {"enum": [{"properties": {"sku1": 1}}]}, "required": ["sku"]}, {"sku1": 1},
         {("sku", "is missing; “sku1” is there instead")}),
    ],
)  # fmt: skip
def test_what_is_planned_anywhere_is_no_slip(
    schema: dict[str, Any], sent: dict[str, Any], said: set[tuple[str, str]]
) -> None:
    assert said_of(Checker(schema), sent) == said


_many = {f"planned_name_{i}": {} for i in range(400)}
_item = {"properties": _many, "required": ["sku"], "additionalProperties": False}


@pytest.mark.parametrize(
    "items",
    [
        [{"skus": 1}] * 800,
        [{f"sku{i}": 1} for i in range(800)],
        [{f"planned_nam_{i}{j}": 1 for j in range(5)} for i in range(800)],
        [{f"call 07700 900{i:03}": 1} for i in range(800)],
        [{f"{i}{'x' * 250}": 1, "price": "1"} for i in range(800)],
    ],
)
@pytest.mark.parametrize("deep", [0, 1])
def test_the_work_on_one_event_is_bounded(
    items: list[dict[str, Any]], deep: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    errors: list[Any] = []
    near, problems_of = plans.get_close_matches, plans._problems_of
    monkeypatch.setattr(
        plans, "get_close_matches", lambda name, names, *how: compared.append(len(names)) or near(name, names, *how)
    )  # fmt: skip
    monkeypatch.setattr(plans, "_problems_of", lambda error: errors.append(1) or problems_of(error))
    schema: dict[str, Any] = {"properties": {"items": {"items": _item}}}
    sent: dict[str, Any] = {"items": items}
    if deep:
        long = "deep" * 60
        schema, sent = {"properties": {long: schema}}, {long: sent}
    found = Checker(schema).problems(sent)
    assert 0 < len(found) <= MOST_PROBLEMS
    assert len(compared) <= MOST_PROBLEMS
    assert max(compared, default=0) <= 100
    assert len(errors) <= plans.MOST_ERRORS
