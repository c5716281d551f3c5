from django.urls import path

from heed.scores import views

app_name = "scores"
urlpatterns = [
    path("scores/", views.score_list, name="list"),
    path("scores/new/", views.edit, name="new"),
    path("scores/<slug:key>/", views.score, name="score"),
    path("scores/<slug:key>/edit/", views.edit, name="edit"),
    path("scores/<slug:key>/retire/", views.retire, name="retire"),
]
