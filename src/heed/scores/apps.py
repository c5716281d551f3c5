from django.apps import AppConfig


class ScoresConfig(AppConfig):
    name = "heed.scores"
    label = "scores"

    def ready(self) -> None:
        from heed.scores.register import register

        register()
