from django.urls import path

from heed.measure import views

app_name = "measure"
urlpatterns = [
    path("", views.home, name="home"),
    path("home/now/", views.now, name="now"),
    path("moods/", views.moods, name="moods"),
    path("value/", views.value, name="value"),
    path("cohorts/", views.cohorts, name="cohorts"),
    path("home/pulse/", views.pulse, name="pulse"),
]
