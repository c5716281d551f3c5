"""The door of `profiles`: the fold, identity, and what is known of a customer."""

from heed.profiles.domain.state import fold

register_section = fold.register

__all__ = ["fold", "register_section"]
