"""The door of `decisions`."""

from heed.decisions.actions import save_action
from heed.decisions.hot import Decider
from heed.decisions.known import KnownFields

__all__ = ["Decider", "KnownFields", "save_action"]
