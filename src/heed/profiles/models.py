"""Tables of `profiles`. The carry path writes them with the statements in `store.py`."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower


class Profile(models.Model):
    """One customer: the state as bytes, and beside it what people search, sort and filter by.

    The columns are the state's answers as of `refreshed_at`; `due_at` is when time alone will change one.
    """

    id = models.UUIDField(primary_key=True)
    state = models.BinaryField()
    display_name = models.TextField(default="")
    email = models.TextField(default="")
    phone = models.TextField(default="")
    user_id = models.TextField(default="")
    country = models.TextField(default="")
    first_seen = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    valence = models.FloatField(default=0)
    spread = models.FloatField(default=1)
    urgency = models.FloatField(default=0)
    confidence = models.FloatField(default=0)
    baseline = models.FloatField(default=0)
    circumstances = ArrayField(models.TextField(), default=list)
    segments = ArrayField(models.TextField(), default=list)
    accounts = ArrayField(models.TextField(), default=list)
    attention = models.FloatField(default=0)
    attention_reason = models.TextField(default="")
    revenue = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    currency = models.TextField(default="")
    orders = models.IntegerField(default=0)
    refreshed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "profile"
        indexes = [
            models.Index(fields=["-last_seen", "-id"], name="profile_last_seen"),
            models.Index(fields=["valence", "id"], name="profile_valence"),
            models.Index(
                fields=["-attention", "id"], name="profile_attention", condition=models.Q(attention__gt=0)
            ),
            models.Index(fields=["due_at"], name="profile_due", condition=models.Q(due_at__isnull=False)),
            models.Index(Lower("display_name"), "id", name="profile_name"),
            GinIndex(fields=["circumstances"], name="profile_circumstances"),
            GinIndex(fields=["segments"], name="profile_segments"),
            GinIndex(fields=["accounts"], name="profile_accounts", condition=~models.Q(accounts=[])),
        ]


class ProfileMove(models.Model):
    """Segments a profile came into and left when it was saved, until they are announced as events."""

    profile_id = models.UUIDField()
    entered = ArrayField(models.TextField())
    gone = ArrayField(models.TextField())
    at = models.DateTimeField()

    class Meta:
        db_table = "profile_move"


class MasterKey(models.Model):
    """Which master key the keys of profiles are wrapped with: one row, with what tells keys apart and gives none away."""

    id = models.SmallIntegerField(primary_key=True)
    fingerprint = models.BinaryField()

    class Meta:
        db_table = "master_key"


class ProfileKey(models.Model):
    """The key that everything private of a profile is encrypted with, itself wrapped by the master key.

    Deleting the row makes all of it unreadable, wherever copies lie.
    """

    profile_id = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()

    class Meta:
        db_table = "profile_key"


class KnownIdentifier(models.Model):
    """Which profile an identifier belongs to, by the identifier's keyed hash."""

    hash = models.UUIDField(primary_key=True)
    kind = models.TextField()
    profile_id = models.UUIDField(db_index=True)

    class Meta:
        db_table = "identifier"


class ProfileMerge(models.Model):
    """A recorded merge: `absorbed` became part of `kept` because of an event's identifier of this kind, or because a
    person or a match said so.

    `joined_to` is the profile it was joined to then, which may have become part of `kept` later.
    """

    kept = models.UUIDField(db_index=True)
    absorbed = models.UUIDField(unique=True)
    joined_to = models.UUIDField()
    message_id = models.TextField()
    kind = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "profile_merge"


class IdentityApart(models.Model):
    """A lasting decision that two profiles are not one person; `lifted_by` is the message id of the merge that
    took it back."""

    one = models.UUIDField()
    other = models.UUIDField(db_index=True)
    lifted_by = models.TextField(default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "identity_apart"
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="identity_apart_once")]


class Unmerge(models.Model):
    """A merge that somebody wants undone; the engine does it and takes the row away. What failed comes last."""

    absorbed = models.UUIDField(unique=True)
    tries = models.IntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        db_table = "identity_unmerge"


class MovedRow(models.Model):
    """A row of the lake that is not what it was carried as, since a merge was undone.

    `profile_id` is whose it is; None where Heed said it of the two as one and it is nobody's any more. `valence` and
    `mood_confidence` are how that customer felt after it. The lake lays these rows over its own (`ports.lake.MOVED`).
    """

    pk = models.CompositePrimaryKey("batch", "place")
    batch = models.BigIntegerField()
    place = models.IntegerField()
    carried_under = models.UUIDField()
    profile_id = models.UUIDField(null=True)
    valence = models.FloatField(null=True)
    mood_confidence = models.FloatField(null=True)

    class Meta:
        db_table = "lake_row_moved"


class LikelyPair(models.Model):
    """Two profiles that may be one person, and what a colleague said of it; `reasons` hold no value of theirs."""

    OPEN, LATER, SAME, DIFFERENT = "open", "later", "same", "different"

    one = models.UUIDField()
    other = models.UUIDField(db_index=True)
    probability = models.FloatField()
    reasons = ArrayField(models.TextField(), default=list)
    said = models.TextField(default=OPEN)
    found_at = models.DateTimeField()

    class Meta:
        db_table = "identity_pair"
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="identity_pair_once")]
        indexes = [models.Index(fields=["said", "-probability", "id"], name="identity_pair_queue")]

    @property
    def shown(self) -> float:
        """The probability as people read it: no model is ever certain."""
        return min(float(self.probability), 0.999)


class Matching(models.Model):
    """From which probability a pair is shown, and from which it is merged unseen (None: never); one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    review = models.FloatField(default=0.5)
    automatic = models.FloatField(null=True)
    looked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_matching"


class Purpose(models.Model):
    """What data is used for, as customers read it. `version` grows with every change of `wording`."""

    TOPIC, USE, CHANNEL = "topic", "use", "channel"
    KINDS = {TOPIC: "What we write about", USE: "What we use data for", CHANNEL: "How we reach out"}
    BASES = {
        "consent": "Consent",
        "contract": "Contract",
        "legitimate_interest": "Legitimate interest",
        "legal_obligation": "Legal obligation",
    }

    key = models.SlugField(max_length=60, primary_key=True)
    name = models.CharField(max_length=100)
    kind = models.TextField(default=TOPIC, choices=list(KINDS.items()))
    basis = models.TextField(default="consent", choices=list(BASES.items()))
    wording = models.TextField()
    version = models.PositiveIntegerField(default=1)
    offered = models.BooleanField(default=True)
    place = models.PositiveSmallIntegerField(default=100)

    class Meta:
        db_table = "purpose"
        ordering = ["place", "key"]

    @property
    def asked(self) -> bool:
        """Whether the customer decides; what a contract or the law needs is told, not asked."""
        return self.basis in {"consent", "legitimate_interest"}


class FieldSetting(models.Model):
    """The purpose a trait or a property of events belongs to, and whose word for a trait counts; see `domain.fields`.

    `trusted` are ids of sources, the most trusted one first.
    """

    KINDS = {"trait": "Trait", "property": "Property of events"}

    SURVIVORS = {
        "latest": "The latest word",
        "first": "The first word ever",
        "trusted": "That of the source trusted most",
    }

    kind = models.TextField(choices=list(KINDS.items()))
    name = models.TextField()
    purpose = models.TextField(default="", blank=True)
    survivor = models.TextField(default="latest", choices=list(SURVIVORS.items()))
    trusted = ArrayField(models.TextField(), default=list, blank=True)

    class Meta:
        db_table = "field_setting"
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="field_setting_once")]


class FieldUse(models.Model):
    """That somebody asked for a field beside the rules in force, and when last; noted once an hour at most."""

    kind = models.TextField()
    name = models.TextField()
    used_by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "field_use"
        constraints = [models.UniqueConstraint(fields=["kind", "name", "used_by"], name="field_use_once")]


class PrivacyRequest(models.Model):
    """What a customer asked for about their data in the preference centre."""

    COPY, ERASURE = "copy", "erasure"
    KINDS = {COPY: "wants to see their data", ERASURE: "wants their data erased"}
    TO_DO = {
        COPY: "Send them the link to all we know, from their page. What they asked leaves this list and stays in the log.",
        ERASURE: "Heed erases nothing by this: it notes that you did, wherever their data lies, and told them so.",
    }

    profile_id = models.UUIDField(db_index=True)
    kind = models.TextField(choices=list(KINDS.items()))
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.TextField(default="", blank=True)

    @property
    def to_do(self) -> str:
        return self.TO_DO[self.kind]

    class Meta:
        db_table = "privacy_request"
        constraints = [
            models.UniqueConstraint(
                fields=["profile_id", "kind"],
                condition=models.Q(done_at__isnull=True),
                name="privacy_request_open_once",
            )
        ]


class ErasedProfile(models.Model):
    """Ids that may never be used again because their person was erased; the hash of the identifier is gone."""

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "profile_erased"
