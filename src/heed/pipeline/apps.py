from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "heed.pipeline"
    label = "pipeline"
