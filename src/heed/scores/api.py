"""The door of `scores`: what they are called, who has which, and giving them."""

from heed.scores.actions import REFUSED, TAKEN, Given, define, give
from heed.scores.domain.section import Score, Scores, current

__all__ = ["REFUSED", "TAKEN", "Given", "Score", "Scores", "current", "define", "give"]
