"""What each room brings to the face, collected while Django starts.

A room calls these functions from its `face.py`, which is imported while Django starts, or from its
AppConfig.ready(); nothing is looked up before that has happened.
Registering the same name again replaces the earlier registration, so starting twice does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from heed.govern.domain import check_permission, may

GROUPS = ("Home", "Customers", "Listen", "Engage", "Serve", "Measure", "Improve", "Settings")
"""The loop's order, in which navigation is shown."""


@dataclass(frozen=True)
class Entry:
    """A line of the navigation: `view` is a URL name, `count` gives a number to show beside it (0 hides),
    which was counted no further than `most` (0 for no end)."""

    group: str
    label: str
    view: str
    permission: str
    count: Callable[[], int] | None = None
    order: int = 100
    most: int = 0


@dataclass(frozen=True)
class Panel:
    """A part of somebody else's page: `render(request, subject)` returns safe HTML, or "" to show nothing."""

    page: str
    name: str
    render: Callable[[Any, Any], str]
    permission: str
    order: int = 100
    place: str = "side"


@dataclass(frozen=True)
class Fact:
    """One line about the installation; `tone` is "", "low" (needs attention) or "high" (well)."""

    label: str
    value: str
    tone: str = ""
    help: str = ""


_urls: dict[str, str] = {}
_entries: dict[str, tuple[Entry, ...]] = {}
_panels: dict[tuple[str, str], Panel] = {}
_doors: dict[str, Callable[..., Any]] = {}
_routes: dict[str, str] = {}
_answers: dict[str, dict[str, Any]] = {}
_facts: dict[str, Callable[[], Iterable[Fact]]] = {}


def register_room(name: str, urls_module: str | None, navigation: Sequence[Entry] = ()) -> None:
    """Include `urls_module` (its patterns hold whole paths) and show `navigation` to who may open it."""
    for entry in navigation:
        if entry.group not in GROUPS:
            raise ValueError(
                f"{name}: there is no navigation group {entry.group!r}, only {', '.join(GROUPS)}"
            )
        check_permission(entry.permission)
    if urls_module:
        _urls[name] = urls_module
    _entries[name] = tuple(navigation)


def register_panel(
    page: str,
    name: str,
    render: Callable[[Any, Any], str],
    permission: str,
    order: int = 100,
    place: str = "side",
) -> None:
    """Add a panel to `page` ("customer", "home"); `place` is "main" or "side", lower `order` comes first."""
    check_permission(permission)
    _panels[page, name] = Panel(page, name, render, permission, order, place)


def register_door(name: str, function: Callable[..., Any]) -> None:
    """Lend a function of a higher room to lower ones, which cannot look up: `feel`, for instance."""
    _doors[name] = function


def register_facts(name: str, read: Callable[[], Iterable[Fact]]) -> None:
    """Add lines to the installation page; `read` runs at every view of it."""
    _facts[name] = read


def register_routes(prefix: str, router: str) -> None:
    """Add a django-ninja router, named `module.attribute`, to the API under `/api/v1/<prefix>`."""
    _routes[prefix] = router


def register_answers(name: str, paths: dict[str, Any]) -> None:
    """Describe, as paths of OpenAPI, what a room answers outside of its routes."""
    _answers[name] = paths


def answers() -> dict[str, Any]:
    return {path: told for paths in _answers.values() for path, told in paths.items()}


def routes() -> dict[str, str]:
    return dict(_routes)


def url_modules() -> list[str]:
    return list(_urls.values())


def navigation_for(role: str) -> list[tuple[str, list[Entry]]]:
    """Groups in the loop's order, each with the entries this role may open; empty groups are left out."""
    every = [entry for entries in _entries.values() for entry in entries]
    found = []
    for group in GROUPS:
        own = [e for e in every if e.group == group and may(role, e.permission)]
        if own:
            found.append((group, sorted(own, key=lambda e: e.order)))
    return found


def panels_for(page: str, role: str, place: str = "side") -> list[Panel]:
    own = [p for p in _panels.values() if p.page == page and p.place == place and may(role, p.permission)]
    return sorted(own, key=lambda p: (p.order, p.name))


def has_door(name: str) -> bool:
    return name in _doors


def door(name: str) -> Callable[..., Any]:
    """The lent function; LookupError says which one nobody lent."""
    try:
        return _doors[name]
    except KeyError:
        raise LookupError(f"no room has registered the door {name!r}") from None


def facts() -> list[tuple[str, list[Fact]]]:
    """Every registered block of facts; one that fails says so instead of taking the page down."""
    found = []
    for name, read in _facts.items():
        try:
            found.append((name, list(read())))
        except Exception as error:
            found.append((name, [Fact("Could not be read", str(error)[:300], "low")]))
    return found
