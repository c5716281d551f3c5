from django.apps import AppConfig


class MeasureConfig(AppConfig):
    name = "heed.measure"
    label = "measure"
