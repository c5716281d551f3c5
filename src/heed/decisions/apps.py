from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    name = "heed.decisions"
    label = "decisions"

    def ready(self) -> None:
        from heed.decisions.register import register

        register()
