from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    name = "heed.predictions"
    label = "predictions"
