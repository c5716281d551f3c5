"""Actions as decisions use them: rules parsed and compiled once, counts at hand."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from heed import rules
from heed.contracts.decision import Treatment
from heed.rules.tree import Rule, atoms

KINDS = {
    "promotion": "Promotion",
    "upsell": "Upsell",
    "survey": "Survey",
    "review_request": "Review request",
    "info": "Information",
    "help": "Help",
    "status_update": "Status update",
    "apology": "Apology",
    "thanks": "Thanks",
    "call": "Call by a person",
}
"""Kinds of action. A stance names the kinds to hold back and the kinds to put first."""

QUESTIONS = ("eligible", "applicable", "suitable")
"""May they have it? Does it make sense now? Is it right for this person in this mood?"""


class Tally(msgspec.Struct, frozen=True):
    """How often an action was shown at a placement and what became of it."""

    shown: int = 0
    accepted: int = 0
    dismissed: int = 0


class Action(msgspec.Struct, frozen=True):
    """`value` is in currency units; `cap_count` in `cap_days` limits how often one customer gets it, 0 for no
    limit; `purpose` is what consent it needs, "" for none; times are ms, 0 for none.

    `context_rule` holding multiplies the priority by `context_weight`.
    """

    key: str
    name: str
    kind: str
    value: float
    lever: float
    purpose: str
    valid_from: int
    valid_to: int
    cap_count: int
    cap_days: int
    customer_reason: str
    context_weight: float
    texts: dict[str, str]
    treatments: tuple[Treatment, ...]


class Ready:
    """An action with its rules compiled."""

    def __init__(self, action: Action) -> None:
        self.action = action
        self.rules: dict[str, Rule] = {
            question: rules.parse(text) for question, text in action.texts.items() if text.strip()
        }
        self.tests = {question: rules.predicate(rule) for question, rule in self.rules.items()}
        self.conditions = frozenset(atom.key for rule in self.rules.values() for atom in atoms(rule))


class Catalogue:
    """Every action in force, with tallies by action and placement.

    `counted` are the conditions profiles have counters for; an action that asks for others has to wait.
    """

    def __init__(
        self,
        actions: Iterable[Action] = (),
        tallies: dict[tuple[str, str], Tally] | None = None,
        counted: frozenset[str] = frozenset(),
    ) -> None:
        self.ready: list[Ready] = []
        self.broken: dict[str, str] = {}
        for action in sorted(actions, key=lambda each: each.key):
            try:
                self.ready.append(Ready(action))
            except rules.RuleError as error:
                self.broken[action.key] = str(error)
        self.tallies = tallies or {}
        self.counted = counted

    def purpose_of(self, action: str | None) -> str:
        return next((each.action.purpose for each in self.ready if each.action.key == action), "")

    def rules(self) -> list[Rule]:
        return [rule for each in self.ready for rule in each.rules.values()]
