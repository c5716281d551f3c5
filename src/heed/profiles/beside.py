"""Two customers side by side: what both are known by, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from heed.profiles.customer import Customer

_MOST = 24
_FIRST = ("name", "first_name", "firstName", "last_name", "lastName", "email", "phone", "birthday", "address")


@dataclass(frozen=True)
class Line:
    """`one` and `other` are None where unknown; it `differs` where both are known and not the same."""

    name: str
    one: Any
    other: Any

    @property
    def values(self) -> tuple[Any, Any]:
        return self.one, self.other

    @property
    def differs(self) -> bool:
        return self.one is not None and self.other is not None and _plain(self.one) != _plain(self.other)


def _plain(value: Any) -> Any:
    return value.casefold().strip() if isinstance(value, str) else value


def beside(one: Customer, other: Customer) -> list[Line]:
    """Traits people know somebody by come first, then identifiers, then what else is known."""
    left, right = ({trait.name: trait.value for trait in each.traits} for each in (one, other))
    ids = [{kind: list(values[:5]) for kind, values in each.identifiers} for each in (one, other)]
    kinds = [kind for kind in dict.fromkeys([*ids[0], *ids[1]]) if kind != "anonymous_id"]
    lines = {kind: Line(kind, ids[0].get(kind), ids[1].get(kind)) for kind in kinds}
    names = dict.fromkeys([*left, *right])
    for name in sorted(names, key=lambda each: (_FIRST.index(each) if each in _FIRST else len(_FIRST), each)):
        lines.setdefault(name, Line(name, left.get(name), right.get(name)))
    rest = list(lines.values())
    rest.sort(key=lambda each: _FIRST.index(each.name) if each.name in _FIRST else len(_FIRST))
    return rest[:_MOST]
