from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WebConfig(AppConfig):
    name = "heed.web"
    label = "web"

    def ready(self) -> None:
        # A room says in its face.py which pages it has; importing it registers them.
        autodiscover_modules("face")
