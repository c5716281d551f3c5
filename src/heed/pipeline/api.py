"""The door of the pipeline: have effects done."""

from heed.pipeline.effects import register_effect

__all__ = ["register_effect"]
