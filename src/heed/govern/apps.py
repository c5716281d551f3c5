from django.apps import AppConfig


class GovernConfig(AppConfig):
    name = "heed.govern"
    label = "govern"

    def ready(self) -> None:
        from heed.govern import signals  # noqa: F401
