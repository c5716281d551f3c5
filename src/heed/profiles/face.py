"""The pages and routes of `profiles`."""

from heed.govern.rooms import Entry, register_door, register_room, register_routes
from heed.profiles import reading
from heed.profiles.duplicates import MOST_COUNTED, waiting
from heed.profiles.preferences import requests_waiting
from heed.profiles.sealed import OPENED, opened

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
        Entry(
            "Customers", "Permission", "profiles:purposes", "customers.read", count=requests_waiting, order=40
        ),
        Entry("Customers", "Data map", "profiles:data_map", "customers.read", order=50),
    ],
)
register_routes("profiles", "heed.profiles.routes.router")
register_door("identifies", lambda: reading.identifies())
register_door("opened_events", lambda: (OPENED, opened))
