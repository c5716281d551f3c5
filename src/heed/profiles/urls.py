from django.urls import path

from heed.profiles import (
    datamap_views,
    duplicates_views,
    identity_views,
    preferences_views,
    purposes_views,
    views,
)

app_name = "profiles"
urlpatterns = [
    path("customers/", views.people, name="people"),
    path("customers/duplicates/", duplicates_views.duplicates, name="duplicates"),
    path("customers/duplicates/thresholds/", duplicates_views.thresholds, name="thresholds"),
    path("customers/duplicates/look/", duplicates_views.look, name="look"),
    path("customers/duplicates/<int:pair_id>/", duplicates_views.say, name="say"),
    path("customers/<uuid:profile_id>/", views.customer, name="customer"),
    path("customers/<uuid:profile_id>/timeline/", views.timeline, name="timeline"),
    path("customers/<uuid:profile_id>/mood/", views.correct_mood, name="correct_mood"),
    path("customers/<uuid:profile_id>/label/", views.correct_label, name="correct_label"),
    path("customers/<uuid:profile_id>/merge/", identity_views.merge, name="merge"),
    path("customers/<uuid:profile_id>/unmerge/", identity_views.unmerge, name="unmerge"),
    path(
        "customers/<uuid:profile_id>/preference-link/", purposes_views.preference_link, name="preference_link"
    ),
    path("permission/", purposes_views.purposes, name="purposes"),
    path("permission/fields/", datamap_views.data_map, name="data_map"),
    path("permission/fields/assign/", datamap_views.assign, name="assign_field"),
    path("permission/fields/<slug:kind>/", datamap_views.field, name="field"),
    path("permission/new/", purposes_views.purpose, name="add_purpose"),
    path("permission/requests/<int:request_id>/", purposes_views.request_done, name="request_done"),
    path("permission/purposes/<slug:key>/", purposes_views.purpose, name="purpose"),
    path("preferences/<str:token>/", preferences_views.centre, name="preferences"),
    path("preferences/<str:token>/ask/", preferences_views.ask, name="preferences_ask"),
    path("preferences/<str:token>/download/", preferences_views.download, name="preferences_download"),
]
