from django.apps import AppConfig


class CollectConfig(AppConfig):
    name = "heed.collect"
    label = "collect"
