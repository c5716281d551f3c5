from django.urls import path

from heed.collect import hook_views, import_views, plan_views, views

app_name = "collect"
urlpatterns = [
    path("sources/", views.sources, name="sources"),
    path("sources/new/", views.new_source, name="new_source"),
    path("sources/<str:source_id>/", views.source, name="source"),
    path("sources/<str:source_id>/disable/", views.disable, name="disable"),
    path("sources/<str:source_id>/enable/", views.enable, name="enable"),
    path("sources/<str:source_id>/key/", views.renew_key, name="renew_key"),
    path("sources/<str:source_id>/secret/", hook_views.secret, name="hook_secret"),
    path("sources/<str:source_id>/options/", hook_views.options, name="hook_options"),
    path("sources/<str:source_id>/switch/", hook_views.switch, name="hook_switch"),
    path("sources/<str:source_id>/try/", hook_views.attempt, name="hook_try"),
    path("imports/", import_views.imports, name="imports"),
    path("imports/<str:upload_id>/", import_views.upload, name="upload"),
    path("imports/<str:upload_id>/state/", import_views.state, name="upload_state"),
    path("imports/<str:upload_id>/mapping/", import_views.mapping, name="upload_mapping"),
    path("imports/<str:upload_id>/change/", import_views.change, name="upload_change"),
    path("plan/", plan_views.plan, name="plan"),
    path("plan/new/", plan_views.new, name="new_planned"),
    path("plan/<int:planned_id>/", plan_views.planned, name="planned"),
    path("plan/<int:planned_id>/remove/", plan_views.remove, name="remove_planned"),
    path("events/", views.live, name="live"),
    path("dead-letters/", views.letters, name="letters"),
    path("dead-letters/all/", views.change_all, name="change_all"),
    path("dead-letters/<int:letter_id>/", views.letter, name="letter"),
    path("dead-letters/<int:letter_id>/change/", views.change, name="change"),
]
