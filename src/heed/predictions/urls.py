from django.urls import path

from heed.predictions import forecast_views, persona_views, value_views

app_name = "predictions"
urlpatterns = [
    path("value/", value_views.value, name="value"),
    path("value/<int:recency>-<int:frequency>/", value_views.cell, name="value_cell"),
    path("value/<slug:key>/", value_views.group, name="value_group"),
    path("forecasts/", forecast_views.forecasts, name="forecasts"),
    path("forecasts/<slug:key>/", forecast_views.forecast, name="forecast"),
    path("forecasts/<slug:key>/people/", forecast_views.likely, name="forecast_people"),
    path("forecasts/<slug:key>/days/", forecast_views.days, name="forecast_days"),
    path("personas/", persona_views.personas, name="personas"),
    path("personas/<slug:key>/", persona_views.persona, name="persona"),
    path("personas/<slug:key>/edit/", persona_views.edit, name="persona_edit"),
    path("personas/<slug:key>/list/", persona_views.keep, name="persona_list"),
    path("lookalikes/", persona_views.lookalikes, name="lookalikes"),
    path("lookalikes/<slug:key>/", persona_views.alike, name="alike"),
    path("lookalikes/<slug:key>/people/", persona_views.alike_people, name="alike_people"),
]
