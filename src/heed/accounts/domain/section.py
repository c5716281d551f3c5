"""The section `accounts` of the profile state: what a customer belongs to, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from heed.contracts import vocabulary as v
from heed.contracts.event import OWN_SOURCE, Effect, Event
from heed.contracts.fold import State
from heed.contracts.told import Told, latest, take

MOST = 20
"""Accounts kept of one customer; those used longest ago go first."""
LONGEST_KEY = 200
TOLD = "accounts.told"


class Belonging(msgspec.Struct, array_like=True):
    """To one account: since when and when last of use (ms), and its traits as this customer's profile knows them."""

    joined: int = 0
    used: int = 0
    traits: dict[str, Told] = {}


class Accounts(msgspec.Struct, array_like=True, omit_defaults=True):
    """`left` is when a customer was taken out of an account, so that what is told later of before changes nothing."""

    of: dict[str, Belonging] = {}
    left: dict[str, int] = {}


def key_of(event: Event) -> str:
    """The account an event is about or done for, "" for none."""
    key = event.group_id if event.type == "group" else event.context.get("groupId")
    if isinstance(key, int) and not isinstance(key, bool):
        key = str(key)
    return key.strip()[:LONGEST_KEY] if isinstance(key, str) else ""


def step(state: State, event: Event, now: int) -> tuple[Effect, ...]:
    key = key_of(event)
    if not key:
        return ()
    own: Accounts = state.accounts
    if event.type == "track" and event.name == v.ACCOUNT_REMOVED_USER:
        _leave(own, key, event.occurred)
        return ()
    known = own.of.get(key)
    if event.source == OWN_SOURCE:
        if known is not None:
            take(known.traits, event.traits, event.occurred)
        return ()
    if event.occurred <= own.left.get(key, 0):
        return ()
    if known is None:
        known = own.of[key] = Belonging(event.occurred, event.occurred)
        _bounded(own)
        joins = True
    else:
        joins = False
        known.joined, known.used = min(known.joined, event.occurred), max(known.used, event.occurred)
    traits = event.traits if event.type == "group" else {}
    if not joins and not take(known.traits, traits, event.occurred):
        return ()
    if joins:
        take(known.traits, traits, event.occurred)
    return (
        Effect(
            TOLD,
            {
                "key": key,
                "at": event.occurred,
                "traits": dict(traits),
                "joins": joins,
                "user_id": event.user_id,
                "anonymous_id": event.anonymous_id,
                "named": _named(event),
            },
        ),
    )


def _named(event: Event) -> dict[str, Any]:
    """What of the context says who this is."""
    found: dict[str, Any] = {}
    if isinstance(external := event.context.get("externalIds"), list):
        found["externalIds"] = external[:5]
    if isinstance(traits := event.context.get("traits"), dict):
        found["traits"] = {name: traits[name] for name in ("email", "phone") if name in traits}
    return found


def _leave(own: Accounts, key: str, at: int) -> None:
    known = own.of.get(key)
    if known is not None and known.used <= at:
        del own.of[key]
    own.left[key] = max(at, own.left.get(key, 0))
    while len(own.left) > MOST:
        del own.left[min(own.left, key=lambda each: (own.left[each], each))]


def _bounded(own: Accounts) -> None:
    while len(own.of) > MOST:
        del own.of[min(own.of, key=lambda each: (own.of[each].used, each))]


def merge(kept: Accounts, absorbed: Accounts) -> Accounts:
    for key, at in absorbed.left.items():
        _leave(kept, key, at)
    for key, theirs in absorbed.of.items():
        if theirs.used <= kept.left.get(key, 0):
            continue
        mine = kept.of.get(key)
        if mine is None:
            kept.of[key] = theirs
            continue
        mine.joined, mine.used = min(mine.joined, theirs.joined), max(mine.used, theirs.used)
        latest(mine.traits, theirs.traits)
    _bounded(kept)
    return kept


def in_order(own: Accounts) -> list[str]:
    """The accounts by key, the one last of use first."""
    return sorted(own.of, key=lambda each: (-own.of[each].used, each))


def trait(state: State, name: str) -> Any:
    """A trait of the account last of use; `id` and `kind` are always known of one."""
    own: Accounts = state.accounts
    if not own.of:
        return None
    key = in_order(own)[0]
    if name == "id":
        return key
    found = own.of[key].traits
    if name == "kind":
        return kind_of({each: told[0] for each, told in found.items()})
    told = found.get(name)
    return None if told is None else told[0]


def trait_names(state: State) -> list[str]:
    own: Accounts = state.accounts
    if not own.of:
        return []
    told = own.of[in_order(own)[0]].traits
    return list(
        dict.fromkeys(["id", "kind", *(name for name, (value, _) in told.items() if value is not None)])
    )


def kind_of(traits: Mapping[str, Any]) -> str:
    """What an account is: "household" where it says so, else "company"."""
    said = traits.get("kind") or traits.get("type")
    return "household" if isinstance(said, str) and said.strip().lower() == "household" else "company"


def name_of(key: str, traits: Mapping[str, Any]) -> str:
    for each in ("name", "company", "company_name"):
        if isinstance(found := traits.get(each), str) and found.strip():
            return found.strip()[:300]
    return key
