from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "heed.segments"
    label = "segments"

    def ready(self) -> None:
        from heed.segments.register import register

        register()
