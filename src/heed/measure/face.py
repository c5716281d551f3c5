"""The pages of `measure`, and what it lends to pages below it."""

from heed.measure import installation, lent, persona_views, predicted_whom, store, value_views, whom
from heed.web.registry import Entry, register_door, register_facts, register_panel, register_room

register_room(
    "measure",
    "heed.measure.urls",
    navigation=[
        Entry("Home", "Home", "measure:home", "home.read", order=0),
        Entry("Measure", "Moods", "measure:moods", "measure.read", order=10),
        Entry("Measure", "Value", "measure:value", "measure.read", order=20),
        Entry("Measure", "Forecasts", "measure:forecasts", "measure.read", order=25),
        Entry("Measure", "Cohorts", "measure:cohorts", "measure.read", order=30),
        Entry("Measure", "Funnel", "measure:funnel", "measure.read", order=40),
        Entry("Measure", "Events", "measure:events", "measure.read", order=50),
        Entry("Measure", "Paths", "measure:paths", "measure.read", order=60),
        Entry("Customers", "Personas", "measure:personas", "customers.read", order=22),
        Entry("Customers", "Lookalikes", "measure:lookalikes", "customers.read", order=23),
    ],
)
register_panel("customer", "expectation", value_views.expectation, "customers.read", order=20)
register_panel("customer", "persona", persona_views.persona_panel, "customers.read", order=22)
register_door("feel", lent.feel)
register_door("value", lent.value)
register_door("traffic", store.traffic.get)
register_facts("This Heed", installation.program)
register_facts("The loop", installation.the_loop)
register_facts("Storage", installation.storage.get)
whom.register()
predicted_whom.register()
