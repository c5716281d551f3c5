"""The door of the pipeline: have effects and chores done, hear whose merge was undone, ask what is counted and in force."""

from heed.pipeline.chores import register_chore
from heed.pipeline.effects import register_effect
from heed.pipeline.store import counted, rules
from heed.pipeline.unmerge import register_unmerged

__all__ = ["counted", "register_chore", "register_effect", "register_unmerged", "rules"]
