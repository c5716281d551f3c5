"""The pages and routes of `profiles`."""

from heed.govern.rooms import Entry, register_room, register_routes
from heed.profiles.duplicates import MOST_COUNTED, waiting

register_room(
    "profiles",
    "heed.profiles.urls",
    navigation=[
        Entry("Customers", "Customers", "profiles:people", "customers.read", order=10),
        Entry(
            "Customers",
            "Duplicates",
            "profiles:duplicates",
            "customers.manage",
            count=waiting,
            order=30,
            most=MOST_COUNTED,
        ),
    ],
)
register_routes("profiles", "heed.profiles.routes.router")
