from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "heed.accounts"
    label = "accounts"

    def ready(self) -> None:
        from heed.accounts.register import register

        register()
