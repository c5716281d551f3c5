"""The pages of `predictions`."""

from heed.predictions import persona_views, value_views, whom
from heed.web.registry import Entry, register_panel, register_room

register_room(
    "predictions",
    "heed.predictions.urls",
    navigation=[
        Entry("Measure", "Value", "predictions:value", "measure.read", order=20),
        Entry("Measure", "Forecasts", "predictions:forecasts", "measure.read", order=25),
        Entry("Customers", "Personas", "predictions:personas", "customers.read", order=22),
        Entry("Customers", "Lookalikes", "predictions:lookalikes", "customers.read", order=23),
    ],
)
register_panel("customer", "expectation", value_views.expectation, "customers.read", order=20)
register_panel("customer", "persona", persona_views.persona_panel, "customers.read", order=22)
whom.register()
