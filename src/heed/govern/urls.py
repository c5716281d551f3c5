from django.urls import path

from heed.govern import views

app_name = "govern"
urlpatterns = [
    path("settings/team/", views.team, name="team"),
    path("settings/team/add/", views.add_person, name="add_person"),
    path("settings/team/<int:user_id>/role/", views.set_role, name="set_role"),
    path("settings/team/<int:user_id>/active/", views.set_active, name="set_active"),
    path("settings/team/<int:user_id>/password/", views.new_password, name="new_password"),
    path("settings/keys/", views.keys, name="keys"),
    path("settings/keys/<int:key_id>/revoke/", views.revoke_key, name="revoke_key"),
    path("settings/audit/", views.audit_log, name="audit"),
    path("settings/installation/", views.installation, name="installation"),
    path("account/", views.account, name="account"),
    path("account/theme/", views.set_theme, name="set_theme"),
]
