from django.urls import path

from heed.segments import export_views, views

app_name = "segments"
urlpatterns = [
    path("segments/", views.segment_list, name="list"),
    path("segments/new/", views.edit, name="new"),
    path("segments/preview/", views.preview, name="preview"),
    path("segments/rule/", views.rule_forms, name="rule"),
    path("segments/overlap/", views.overlap, name="overlap"),
    path("segments/<slug:key>/", views.segment, name="segment"),
    path("segments/<slug:key>/edit/", views.edit, name="edit"),
    path("segments/<slug:key>/delete/", views.delete, name="delete"),
    path("segments/<slug:key>/people/", views.put, name="put"),
    path("segments/<slug:key>/export/", views.export, name="export"),
    path("segments/<slug:key>/schedule/", export_views.schedule, name="schedule"),
    path("segments/<slug:key>/schedule/<int:schedule_id>/stop/", export_views.stop, name="stop_schedule"),
    path("segments/<slug:key>/files/<int:file_id>/", export_views.file, name="file"),
]
