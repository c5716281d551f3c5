"""What Heed knows of a customer's cases, contacts, promises and complaints. Pure: no clock, no I/O."""

from heed.service.domain.cases import Case, Cases, Contact, Promise, merge
from heed.service.domain.facts import FACTS, next_change
from heed.service.domain.fold import make_step

__all__ = ["FACTS", "Case", "Cases", "Contact", "Promise", "make_step", "merge", "next_change"]
