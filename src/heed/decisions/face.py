"""The pages of `decisions`."""

from heed.decisions import actions
from heed.decisions.described import PATHS
from heed.decisions.views import next_action_panel
from heed.govern.rooms import Entry, register_answers, register_door, register_panel, register_room
from heed.profiles.api import register_uses

register_room(
    "decisions",
    "heed.decisions.urls",
    navigation=[
        Entry("Engage", "Actions", "decisions:actions", "decisions.read", order=10),
        Entry("Engage", "Try as a customer", "decisions:try", "decisions.read", order=20),
    ],
)
register_uses(actions.uses)
register_answers("decisions", PATHS)
register_door("action_names", actions.names)
register_panel("customer", "next-best-action", next_action_panel, "decisions.read", order=10)
