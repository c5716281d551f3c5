"""The door of `decisions`."""

from heed.decisions.actions import save_action
from heed.decisions.hot import Decider

__all__ = ["Decider", "save_action"]
