"""Tables of `accounts`. Who belongs to which stands in the column `accounts` of the profiles."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower


class Account(models.Model):
    """A company or household. `traits` are msgpack: by name the value and when it was told (`contracts.told`).

    `telling` is the profile after which members have still to be told what is known of it, null where all were; not before
    `telling_at`, by which accounts take turns. `again` says that more was told meanwhile.
    """

    KINDS = {"company": "Company", "household": "Household"}
    PLURALS = {"company": "companies", "household": "households"}

    key = models.TextField(unique=True)
    name = models.TextField()
    kind = models.TextField(default="company", choices=list(KINDS.items()))
    traits = models.BinaryField()
    told_at = models.DateTimeField()
    telling = models.UUIDField(null=True)
    telling_at = models.DateTimeField()
    again = models.BooleanField(default=False)

    class Meta:
        db_table = "account"
        indexes = [
            models.Index(Lower("name"), "id", name="account_name"),
            models.Index(
                fields=["telling_at"], name="account_telling", condition=models.Q(telling__isnull=False)
            ),
        ]


class Joiner(models.Model):
    """Somebody who came to belong to an account without being told what is known of it; `named` is what of their event
    names them beside the two ids, as msgpack."""

    key = models.TextField()
    user_id = models.TextField(default="")
    anonymous_id = models.TextField(default="")
    named = models.BinaryField()

    class Meta:
        db_table = "account_joiner"
