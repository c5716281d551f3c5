from django.urls import path

from heed.measure import explore_views, forecast_views, persona_views, report_views, value_views, views

app_name = "measure"
urlpatterns = [
    path("", views.home, name="home"),
    path("home/now/", views.now, name="now"),
    path("home/pulse/", views.pulse, name="pulse"),
    path("moods/", views.moods, name="moods"),
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
    path("cohorts/", report_views.cohorts, name="cohorts"),
    path("explore/", explore_views.events, name="events"),
    path("explore/people/", explore_views.event_people, name="event_people"),
    path("paths/", explore_views.paths, name="paths"),
    path("paths/people/", explore_views.path_people, name="path_people"),
    path("funnel/", report_views.funnel, name="funnel"),
    path("funnel/<int:number>/<slug:kind>/", report_views.funnel_people, name="funnel_people"),
]
