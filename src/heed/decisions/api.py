"""The door of `decisions`."""

from heed.decisions.hot import Decider

__all__ = ["Decider"]
