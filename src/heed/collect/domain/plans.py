"""Tracking plans: what an event's properties should be, what is wrong with them, and what a plan might say.

Nothing here tells a value that was sent: problems are words about a property and what the plan says of it.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

import msgspec

from heed.contracts.lake import looks_personal

DRAFT = "https://json-schema.org/draft/2020-12/schema"
MOST_BYTES = 64_000
MOST_WAYS = 5_000
_VALUES = frozenset({"enum", "const", "default", "examples"})
_NO_PARTS = _VALUES | {"$defs", "definitions"}
MOST_PROBLEMS = 20
"""Of one event."""
MOST_ERRORS = 300
"""Of one event that are looked at; a fault of every item of a list is one problem, and many errors."""
_LONGEST_PATH = 200
_DEEPEST = 3
_MOST_NAMES = 200
_ALWAYS = 0.995
"""Share of events that have a property from which a proposal calls it required."""


class PlanError(ValueError):
    """The schema cannot be used; the message says why."""


class Problem(msgspec.Struct, frozen=True):
    """`property` is a path such as `products[].price`, "" for the properties as a whole."""

    property: str
    words: str


def read_schema(text: str) -> dict[str, Any]:
    """The schema in a text; raises `PlanError`."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise PlanError(f"It is larger than {MOST_BYTES:,} bytes.")
    try:
        found = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise PlanError(f"It is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise PlanError("It must be a JSON object.")
    if "\\u0000" in json.dumps(found):
        raise PlanError("It has a NUL character in it.")
    if _ways(found) > MOST_WAYS:
        raise PlanError(
            "Its parts refer to each other in too many ways; checking an event would take too long."
        )
    Checker(found)
    return found


def _ways(schema: dict[str, Any]) -> int:
    """How many parts are looked at for one value at most, references followed; a circle counts as too many."""
    known: dict[str, int] = {}

    def count(part: Any, inside: frozenset[str]) -> int:
        if isinstance(part, list):
            return _capped(sum(count(each, inside) for each in part))
        if not isinstance(part, dict):
            return 0
        found = 1 + sum(count(each, inside) for name, each in part.items() if name not in _NO_PARTS)
        for name in ("$ref", "$dynamicRef"):
            if isinstance(at := part.get(name), str):
                if at in inside:
                    return MOST_WAYS + 1
                if at not in known:
                    known[at] = count(_part(schema, at), inside | {at})
                found += known[at]
        return _capped(found)

    return count(
        {name: part for name, part in schema.items() if name not in {"$defs", "definitions"}}, frozenset()
    )


def _capped(ways: int) -> int:
    return min(ways, MOST_WAYS + 1)


def _part(schema: Any, at: str) -> Any:
    """The part a reference within the schema names, an empty one where there is none."""
    if at == "#":
        return schema
    found = schema
    for step in at.removeprefix("#/").split("/") if at.startswith("#/") else [None]:
        name = step.replace("~1", "/").replace("~0", "~") if step is not None else None
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name is not None and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return {}
    return found


class Checker:
    """Holds properties against a schema. Nothing is fetched, and patterns run in linear time."""

    def __init__(self, schema: dict[str, Any]) -> None:
        """Raises `PlanError`."""
        # Eight megabytes that only pages about plans and the worker need.
        import jsonschema_rs

        self._schema = schema
        try:
            self._validator = jsonschema_rs.Draft202012Validator(
                schema, pattern_options=jsonschema_rs.RegexOptions(), retriever=_nothing_outside
            )
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise PlanError(_first_line(error)) from None
        self._names, patterns = _known_names(schema)
        try:
            self._named_by_pattern = jsonschema_rs.Draft202012Validator(
                {"patternProperties": dict.fromkeys(patterns, False)},
                pattern_options=jsonschema_rs.RegexOptions(),
            )
        except ValueError:
            # A part that nothing refers to may have any pattern.
            self._named_by_pattern = jsonschema_rs.Draft202012Validator({})

    def problems(self, properties: Mapping[str, Any]) -> dict[Problem, str]:
        """What is not as planned, at most `MOST_PROBLEMS`, and for each what was probably meant, "" for nothing.

        Work is bounded whatever is sent: at most `MOST_ERRORS` are looked at, and names are compared only for a
        problem that is new.
        """
        found: dict[Problem, str] = {}
        if self._validator.is_valid(properties):
            return found
        for error in islice(self._validator.iter_errors(properties), MOST_ERRORS):
            for problem, name in _problems_of(error):
                if problem not in found:
                    found[problem] = self._hint(error, name) if name else ""
                    if len(found) >= MOST_PROBLEMS:
                        return found
        return found

    def _hint(self, error: Any, name: str) -> str:
        if error.kind.name == "required":
            others = [each for each in islice(error.instance, _MOST_NAMES) if not self._plans(each)]
            near = _near(name, [each for each in others if not looks_personal(each)])
            return f"“{path_of([near])[:60]}” is there instead" if near else ""
        near = "" if self._plans(name) else _near(name, self._allowed(error))
        return f"did you mean “{near[:60]}”?" if near else ""

    def _plans(self, name: str) -> bool:
        """Whether any part of the schema knows it: then it is no slip."""
        return name in self._names or not self._named_by_pattern.is_valid({name: None})

    def _allowed(self, error: Any) -> Iterable[str]:
        """The names that may stand where one is not in the plan."""
        if error.kind.name != "additionalProperties":
            return self._names
        part: Any = self._schema
        for step in list(error.schema_path)[:-1]:
            if isinstance(part, dict):
                part = part.get(str(step))
            else:
                part = part[int(step)] if isinstance(part, list) and int(step) < len(part) else None
        known = part.get("properties") if isinstance(part, dict) else None
        return known if isinstance(known, dict) else ()


def _known_names(schema: dict[str, Any]) -> tuple[dict[str, None], dict[str, None]]:
    """The names of properties in all parts of a schema, and the patterns of names."""
    names: dict[str, None] = {}
    patterns: dict[str, None] = {}
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        if not isinstance(part, dict):
            continue
        for word, inner in part.items():
            if word == "required" and isinstance(inner, list):
                names.update(dict.fromkeys(each for each in inner if isinstance(each, str)))
            elif word in _BY_NAME and isinstance(inner, dict):
                if word == "properties":
                    names.update(dict.fromkeys(inner))
                elif word == "patternProperties":
                    patterns.update(dict.fromkeys(inner))
                waiting.extend(inner.values())
            elif word not in _VALUES:
                waiting.append(inner)
    return names, patterns


_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
"""Words under which parts stand by names of the author's, which are no words of a schema."""


def _near(name: str, names: Iterable[str]) -> str:
    """The one of the first of these that was probably meant, written otherwise or with a slip; "" for none."""
    wanted = _letters(name)
    if not any(each.isalpha() for each in wanted):
        return ""
    plain = {_letters(each): each for each in islice(names, _MOST_COMPARED) if each != name}
    found = get_close_matches(wanted, plain, 1, _CLOSE)
    return plain[found[0]] if found else ""


def _letters(name: str) -> str:
    return "".join(each for each in name[:40].casefold() if each.isalnum())


_CLOSE = 0.8
_MOST_COMPARED = 100
"""Names that one is held against; a comparison takes up to some tenths of a millisecond."""


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _nothing_outside(address: str) -> Any:
    raise ValueError(f"a plan stands for itself: {address[:100]} is elsewhere")


def _first_line(error: Exception) -> str:
    return f"It is no JSON Schema: {str(error).splitlines()[0][:200]}."


_WORDS = {
    "enum": "is none of the values the plan names",
    "const": "is not the value the plan names",
    "pattern": "is not written as the plan says",
    "format": "is not written as the plan says",
    "minimum": "is smaller than the plan allows",
    "exclusiveMinimum": "is smaller than the plan allows",
    "maximum": "is larger than the plan allows",
    "exclusiveMaximum": "is larger than the plan allows",
    "multipleOf": "is not a multiple of what the plan says",
    "minLength": "is shorter than the plan allows",
    "maxLength": "is longer than the plan allows",
    "minItems": "has fewer entries than the plan allows",
    "maxItems": "has more entries than the plan allows",
    "uniqueItems": "has an entry twice",
    "falseSchema": "is not in the plan",
}
_KINDS = {
    "string": "text", "number": "a number", "integer": "a whole number", "boolean": "yes or no",
    "object": "an object", "array": "a list", "null": "nothing",
}  # fmt: skip


def _problems_of(error: Any) -> list[tuple[Problem, str]]:
    """Each with the name that is missing or unknown, "" where the fault is another."""
    kind, path = error.kind, path_of(error.instance_path)
    if kind.name == "required":
        return [(Problem(path_of([*error.instance_path, kind.property]), "is missing"), kind.property)]
    if kind.name in {"additionalProperties", "unevaluatedProperties"}:
        return [
            (Problem(path_of([*error.instance_path, name]), "is not in the plan"), name)
            for name in kind.unexpected[:MOST_PROBLEMS]
        ]
    if kind.name == "type":
        wanted = " or ".join(_KINDS.get(each, each) for each in kind.types)
        return [(Problem(path, f"is {_KINDS[kind_of(error.instance)]} instead of {wanted}"), "")]
    return [(Problem(path, _WORDS.get(kind.name, "is not as the plan says")), "")]


def path_of(steps: Iterable[str | int]) -> str:
    """`products[].price`. A name made from data, an address perhaps, is not told."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += "[]"
        else:
            name = "…" if looks_personal(step) else step.replace("\x00", "")
            path += f".{name}" if path else name
    return path[:_LONGEST_PATH]


def kind_of(value: Any) -> str:
    """The type of a value as JSON Schema calls it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list | tuple) else "object"


class Learnt(msgspec.Struct, frozen=True):
    """A property as it arrived: `kinds` with how many each, `share` of the events that have it."""

    path: str
    kinds: tuple[tuple[str, int], ...]
    share: float
    n: int

    @property
    def words(self) -> str:
        return " or ".join(_KINDS[kind] for kind, _ in self.kinds)


class Proposal(msgspec.Struct, frozen=True):
    schema: dict[str, Any]
    learnt: tuple[Learnt, ...]
    events: int


class _Node:
    """What stood at one place over many events."""

    def __init__(self) -> None:
        self.n = 0
        self.kinds: Counter[str] = Counter()
        self.objects = 0
        self.inner: dict[str, _Node] = {}
        self.items: _Node | None = None

    def see(self, value: Any, depth: int) -> None:
        self.n += 1
        kind = kind_of(value)
        self.kinds[kind] += 1
        if depth >= _DEEPEST:
            return
        if kind == "object":
            self.objects += 1
            for name, inner in value.items():
                if looks_personal(name) or (name not in self.inner and len(self.inner) >= _MOST_NAMES):
                    continue
                self.inner.setdefault(name, _Node()).see(inner, depth + 1)
        elif kind == "array":
            self.items = self.items or _Node()
            for each in value[:50]:
                self.items.see(each, depth + 1)

    def schema(self) -> dict[str, Any]:
        kinds = set(self.kinds)
        if "number" in kinds:
            kinds.discard("integer")
        found: dict[str, Any] = {"type": min(kinds) if len(kinds) == 1 else sorted(kinds)}
        if self.inner:
            found["properties"] = {name: node.schema() for name, node in sorted(self.inner.items())}
            always = sorted(name for name, node in self.inner.items() if node.n >= _ALWAYS * self.objects)
            if always:
                found["required"] = always
        if self.items is not None and self.items.n:
            found["items"] = self.items.schema()
        return found

    def learnt(self, path: str, of: int) -> Iterable[Learnt]:
        if path:
            yield Learnt(path, tuple(self.kinds.most_common()), self.n / of if of else 0.0, self.n)
        for name, node in sorted(self.inner.items()):
            yield from node.learnt(f"{path}.{name}" if path else name, self.objects)
        if self.items is not None and self.items.n:
            yield from self.items.learnt(f"{path}[]", self.items.n)


def proposed(many: Iterable[Mapping[str, Any]]) -> Proposal:
    """A plan that the properties of events that arrived would keep: names, types, and what all of them have.

    Other properties stay allowed; `"additionalProperties": false` is for people to decide.
    """
    root = _Node()
    for properties in many:
        root.see(dict(properties), 0)
    schema = {"$schema": DRAFT, **(root.schema() if root.n else {"type": "object", "properties": {}})}
    return Proposal(schema, tuple(root.learnt("", root.n)), root.n)
