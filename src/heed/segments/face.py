"""The pages and routes of `segments`."""

from heed.govern.rooms import Entry, register_door, register_panel, register_room, register_routes
from heed.profiles.api import register_uses
from heed.segments.reading import uses
from heed.segments.sample import names
from heed.segments.views import segments_panel

register_room(
    "segments",
    "heed.segments.urls",
    navigation=[Entry("Customers", "Segments", "segments:list", "customers.read", order=20)],
)
register_uses(uses)
register_routes("segments", "heed.segments.routes.router")
register_door("segment_names", names)
register_panel("customer", "segments", segments_panel, "customers.read", order=30)
