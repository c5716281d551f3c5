"""The pages of `measure`, and what it lends to pages below it."""

from heed.measure import installation, lent, store, whom
from heed.web.registry import Entry, register_door, register_facts, register_room

register_room(
    "measure",
    "heed.measure.urls",
    navigation=[
        Entry("Home", "Home", "measure:home", "home.read", order=0),
        Entry("Measure", "Moods", "measure:moods", "measure.read", order=10),
        Entry("Measure", "Cohorts", "measure:cohorts", "measure.read", order=30),
        Entry("Measure", "Funnel", "measure:funnel", "measure.read", order=40),
        Entry("Measure", "Events", "measure:events", "measure.read", order=50),
        Entry("Measure", "Paths", "measure:paths", "measure.read", order=60),
    ],
)
register_door("feel", lent.feel)
register_door("value", lent.value)
register_door("traffic", store.traffic.get)
register_facts("This Heed", installation.program)
register_facts("The loop", installation.the_loop)
register_facts("Storage", installation.storage.get)
whom.register()
