"""The pages and routes of `profiles`."""

from heed.govern.rooms import Entry, register_room, register_routes

register_room(
    "profiles",
    "heed.profiles.urls",
    navigation=[Entry("Customers", "Customers", "profiles:people", "customers.read", order=10)],
)
register_routes("profiles", "heed.profiles.routes.router")
