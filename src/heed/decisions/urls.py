from django.urls import path

from heed.decisions import views

app_name = "decisions"
urlpatterns = [
    path("actions/", views.action_list, name="actions"),
    path("actions/new/", views.edit, name="new"),
    path("actions/try/", views.try_as, name="try"),
    path("actions/try/rule/", views.rule_meaning, name="rule_meaning"),
    path("actions/<slug:key>/", views.edit, name="edit"),
    path("actions/<slug:key>/switch/", views.switch, name="switch"),
    path("actions/<slug:key>/delete/", views.delete, name="delete"),
]
