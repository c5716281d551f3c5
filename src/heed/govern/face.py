"""The pages of `govern`."""

from heed.govern.rooms import Entry, register_room

register_room(
    "govern",
    "heed.govern.urls",
    navigation=[
        Entry("Settings", "Team", "govern:team", "team.read", order=30),
        Entry("Settings", "API keys", "govern:keys", "keys.manage", order=40),
        Entry("Settings", "Audit", "govern:audit", "audit.read", order=50),
        Entry("Settings", "Installation", "govern:installation", "installation.read", order=60),
        Entry("Settings", "My account", "govern:account", "account.own", order=70),
    ],
)
