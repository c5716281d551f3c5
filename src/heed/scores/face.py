"""The pages and routes of `scores`."""

from heed.govern.rooms import Entry, register_door, register_panel, register_room, register_routes
from heed.scores.lent import scores
from heed.scores.views import scores_panel

register_room(
    "scores",
    "heed.scores.urls",
    navigation=[Entry("Customers", "Scores", "scores:list", "customers.read", order=25)],
)
register_routes("scores", "heed.scores.routes.router")
register_door("scores", scores)
register_panel("customer", "scores", scores_panel, "customers.read", order=25)
