"""Where rooms tell the face what they bring: pages, navigation, panels, facts about the installation.

The registrations themselves live one floor lower, in `heed.govern.rooms`, so that rooms beside this one
(profiles, collect) and below it (govern) can register too.
"""

from heed.govern.rooms import (
    GROUPS,
    Entry,
    Fact,
    Panel,
    answers,
    door,
    has_door,
    navigation_for,
    panels_for,
    register_answers,
    register_door,
    register_facts,
    register_panel,
    register_room,
    register_routes,
    routes,
    url_modules,
)

__all__ = [
    "GROUPS",
    "Entry",
    "Fact",
    "Panel",
    "answers",
    "door",
    "has_door",
    "navigation_for",
    "panels_for",
    "register_answers",
    "register_door",
    "register_facts",
    "register_panel",
    "register_room",
    "register_routes",
    "routes",
    "url_modules",
]
