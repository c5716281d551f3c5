from django.apps import AppConfig


class SenseConfig(AppConfig):
    name = "heed.sense"
    label = "sense"

    def ready(self) -> None:
        from heed.sense.register import register

        register()
