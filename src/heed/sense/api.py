"""The door of `sense`: what a text says, how a customer feels, what is true for them, what follows."""

from heed.sense.domain.words import text_of
from heed.sense.text import understand, understand_many

__all__ = ["text_of", "understand", "understand_many"]
