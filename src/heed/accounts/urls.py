from django.urls import path

from heed.accounts import views

app_name = "accounts"
urlpatterns = [
    path("accounts/", views.account_list, name="list"),
    path("accounts/<int:account_id>/", views.account, name="account"),
]
