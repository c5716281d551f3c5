"""The door of the pipeline: have effects and chores done."""

from heed.pipeline.chores import register_chore
from heed.pipeline.effects import register_effect

__all__ = ["register_chore", "register_effect"]
