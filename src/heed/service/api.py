"""The door of `service`: cases, contacts, promises, complaints."""

from heed.service.domain import FACTS, Case, Cases, Contact, Promise

__all__ = ["FACTS", "Case", "Cases", "Contact", "Promise"]
