"""Who may do what, in one table people can read."""

from __future__ import annotations

from typing import Final

ROLES: Final = {
    "owner": "Everything, including who else is an owner.",
    "manager": "Looks after customers' experience and the team; everything except owners.",
    "marketer": "Decides what customers are offered and told; sees customers.",
    "agent": "Talks with customers; sees them and corrects what Heed thinks.",
    "analyst": "Reads everything about customers and results; changes nothing.",
    "engineer": "Connects systems; sees events, sources, keys and the installation.",
}

PERMISSIONS: Final = {
    "account.own": "Change one's own theme, time zone, password and second factor",
    "home.read": "See how customers feel today",
    "customers.read": "Find customers and see everything known about one",
    "customers.export": "Take lists of customers out as files",
    "customers.correct": "Correct a mood or how a text was understood",
    "customers.manage": "Merge, unmerge and erase customers",
    "cases.read": "See cases and conversations",
    "cases.manage": "Answer and close cases",
    "decisions.read": "See actions, and why one was chosen",
    "decisions.manage": "Change actions, placements and contact policies",
    "measure.read": "See reports",
    "rules.manage": "Change segments and circumstances",
    "sources.read": "See which systems send events",
    "sources.manage": "Add, disable and revoke sources",
    "events.read": "Watch events arrive and read dead letters",
    "letters.manage": "Send dead letters again or discard them",
    "keys.manage": "Create and revoke API keys",
    "team.read": "See who is in the team",
    "team.manage": "Add people, change roles, deactivate",
    "audit.read": "Read who changed what",
    "installation.read": "See version, storage and the state of the engine",
}

_EVERYONE = frozenset(ROLES)
_RUNS = frozenset({"owner", "manager"})

_MATRIX: Final[dict[str, frozenset[str]]] = {
    "account.own": _EVERYONE,
    "home.read": _EVERYONE,
    "customers.read": _EVERYONE,
    "customers.export": _RUNS | {"marketer", "analyst"},
    "customers.correct": _RUNS | {"agent"},
    "customers.manage": _RUNS,
    "cases.read": _RUNS | {"agent", "analyst"},
    "cases.manage": _RUNS | {"agent"},
    "decisions.read": _EVERYONE,
    "decisions.manage": _RUNS | {"marketer"},
    "measure.read": _EVERYONE,
    "rules.manage": _RUNS | {"marketer"},
    "sources.read": _RUNS | {"engineer", "analyst"},
    "sources.manage": _RUNS | {"engineer"},
    "events.read": _RUNS | {"engineer"},
    "letters.manage": _RUNS | {"engineer"},
    "keys.manage": _RUNS | {"engineer"},
    "team.read": _RUNS,
    "team.manage": _RUNS,
    "audit.read": _RUNS,
    "installation.read": _RUNS | {"engineer"},
}

SCOPES: Final = {
    "write": "Send events only",
    "manage": "Send events, and read and change customers and segments through the management API",
}


def check_permission(permission: str) -> None:
    """Raise ValueError for a permission not in the table: a typing error never opens a page."""
    if permission not in _MATRIX:
        raise ValueError(f"there is no permission {permission!r}")


def may(role: str, permission: str) -> bool:
    """Whether people of this role may do this; an unknown role may nothing. Raises ValueError like above."""
    check_permission(permission)
    return role in _MATRIX[permission]


def may_change(role: str, current: str, wanted: str) -> bool:
    """Whether `role` may turn somebody from role `current` (empty for a new person) into `wanted`.

    Only owners make or unmake owners.
    """
    if not may(role, "team.manage") or wanted not in ROLES:
        return False
    return role == "owner" or "owner" not in (current, wanted)


def matrix() -> list[tuple[str, str, list[bool]]]:
    """For showing: permission, what it means, and yes or no for each role in the order of ROLES."""
    return [(name, words, [may(role, name) for role in ROLES]) for name, words in PERMISSIONS.items()]
