"""The pages of `collect`."""

from heed.collect import reading
from heed.collect.described import PATHS
from heed.govern.rooms import Entry, register_answers, register_door, register_room, register_routes

register_room(
    "collect",
    "heed.collect.urls",
    navigation=[
        Entry("Settings", "Sources", "collect:sources", "sources.read", order=10),
        Entry("Settings", "Import a file", "collect:imports", "sources.manage", order=11),
        Entry("Settings", "Tracking plan", "collect:plan", "sources.read", order=12),
        Entry("Settings", "Live events", "collect:live", "events.read", order=15),
        Entry(
            "Settings", "Dead letters", "collect:letters", "events.read",
            reading.open_letters.get, order=20, most=reading.MANY,
        ),
    ],
)  # fmt: skip
register_answers("collect", PATHS)
register_routes("plan", "heed.collect.routes.router")
register_door("source_names", reading.source_names)
