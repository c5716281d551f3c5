from django.apps import AppConfig


class CommerceConfig(AppConfig):
    name = "heed.commerce"
    label = "commerce"

    def ready(self) -> None:
        from heed.commerce.register import register

        register()
