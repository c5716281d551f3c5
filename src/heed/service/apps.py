from django.apps import AppConfig


class ServiceConfig(AppConfig):
    name = "heed.service"
    label = "service"

    def ready(self) -> None:
        from heed.service.register import register

        register()
