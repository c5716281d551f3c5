from django.urls import path

from heed.collect import views

app_name = "collect"
urlpatterns = [
    path("sources/", views.sources, name="sources"),
    path("sources/new/", views.new_source, name="new_source"),
    path("sources/<str:source_id>/", views.source, name="source"),
    path("sources/<str:source_id>/disable/", views.disable, name="disable"),
    path("sources/<str:source_id>/enable/", views.enable, name="enable"),
    path("sources/<str:source_id>/key/", views.renew_key, name="renew_key"),
    path("events/", views.live, name="live"),
    path("dead-letters/", views.letters, name="letters"),
    path("dead-letters/all/", views.change_all, name="change_all"),
    path("dead-letters/<int:letter_id>/", views.letter, name="letter"),
    path("dead-letters/<int:letter_id>/change/", views.change, name="change"),
]
