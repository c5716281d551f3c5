from django.urls import path

from heed.measure import explore_views, report_views, views

app_name = "measure"
urlpatterns = [
    path("", views.home, name="home"),
    path("home/now/", views.now, name="now"),
    path("home/pulse/", views.pulse, name="pulse"),
    path("moods/", views.moods, name="moods"),
    path("cohorts/", report_views.cohorts, name="cohorts"),
    path("explore/", explore_views.events, name="events"),
    path("explore/people/", explore_views.event_people, name="event_people"),
    path("paths/", explore_views.paths, name="paths"),
    path("paths/people/", explore_views.path_people, name="path_people"),
    path("funnel/", report_views.funnel, name="funnel"),
    path("funnel/<int:number>/<slug:kind>/", report_views.funnel_people, name="funnel_people"),
]
