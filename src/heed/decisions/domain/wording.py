"""Reasons in plain words, for the team and for the customer."""

from __future__ import annotations

from heed import rules
from heed.contracts.fold import State
from heed.contracts.mood import Circumstance, Mood, feeling
from heed.decisions.domain.catalogue import Ready
from heed.rules.tree import Compare, Did, Holds

_CUSTOMER_WORDS = {
    "order_late": "your order is delayed",
    "order_under_way": "your order is on its way",
    "order_placed": "you placed an order",
    "order_delivered": "your order has arrived",
    "order_returned": "you sent something back",
    "payment_failed": "your payment did not go through",
    "basket_left": "you left something in your basket",
    "case_open": "we are still working on your request",
    "just_complained": "you told us that something went wrong",
    "contact_repeated": "you had to contact us more than once",
    "promise_overdue": "we promised you something and have not kept it yet",
    "renewal_due": "your subscription is about to renew",
    "first_visit": "this is your first visit",
}


_KIND_REASONS = {
    "apology": "Because something did not go as it should.",
    "help": "Because it looked as if you could use some help.",
    "status_update": "Because we want you to know where things stand.",
    "thanks": "Because we are glad to have you.",
    "call": "Because this is better talked about.",
}


def mood_words(mood: Mood) -> str:
    """`They seem unhappy (−0.42 ± 0.18, usually +0.12).`, or that little is known."""
    if mood.confidence < 0.15:
        return "Little is known of how they feel."
    figures = f"{_signed(mood.valence)} ± {mood.spread:.2f}, usually {_signed(mood.baseline)}"
    shift = mood.valence - mood.baseline
    moving = [each for each in mood.evidence if each.contribution * shift > 0]
    strongest = f", mostly because of: {moving[0].label}" if moving else ""
    return f"They seem {feeling(mood.valence)} ({figures}){strongest}."


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def customer_reason(ready: Ready, state: State, circumstances: tuple[Circumstance, ...], now: int) -> str:
    """One sentence the customer may read about why they see this; never about their mood."""
    if ready.action.customer_reason:
        return ready.action.customer_reason
    leaves = [
        leaf
        for question in ("applicable", "eligible", "context")
        if question in ready.rules
        for leaf in rules.met(ready.rules[question], state, now)
    ]
    for leaf in leaves:
        if isinstance(leaf, Holds):
            label = next((each.label for each in circumstances if each.name == leaf.circumstance), "")
            words = _CUSTOMER_WORDS.get(leaf.circumstance) or label
            if words:
                return f"Because {words}."
    for leaf in leaves:
        if isinstance(leaf, Did) and leaf.count:
            when = f" in the last {leaf.window.amount} {leaf.window.unit}" if leaf.window else ""
            return f"Because of what you did here{when} ({leaf.event.lower()})."
    for leaf in leaves:
        if isinstance(leaf, Compare) and leaf.field.startswith("trait."):
            return f"Because of what you told us ({leaf.field.removeprefix('trait.').replace('_', ' ')})."
    return _KIND_REASONS.get(ready.action.kind, "Because we thought it may be useful to you.")
