"""The pages and routes of `accounts`."""

from heed.accounts.views import panel
from heed.govern.rooms import Entry, register_panel, register_room, register_routes

register_room(
    "accounts",
    "heed.accounts.urls",
    navigation=[Entry("Customers", "Accounts", "accounts:list", "customers.read", order=15)],
)
register_routes("accounts", "heed.accounts.routes.router")
register_panel("customer", "accounts", panel, "customers.read", order=20)
