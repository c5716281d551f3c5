"""Tables of `collect`."""

from __future__ import annotations

from django.db import models


class Source(models.Model):
    """Something that sends events, with a write key of its own; only the key's hash is kept."""

    KINDS = {
        "web": "Website",
        "server": "Server",
        "import": "Import",
        "hook": "Webhook",
        "heed": "Heed itself",
    }

    id = models.TextField(primary_key=True)
    name = models.TextField()
    kind = models.TextField(choices=list(KINDS.items()), default="server")
    key_hash = models.BinaryField(unique=True, max_length=32)
    key_prefix = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.TextField(default="")
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "source"


class DeadLetter(models.Model):
    """What could not become an event: the payload as sent, and why; `hook` has the delivery's id and topic."""

    received_at = models.DateTimeField(db_index=True)
    source = models.TextField()
    reason = models.TextField()
    detail = models.TextField()
    line = models.BigIntegerField(default=0)
    payload = models.BinaryField()
    hook = models.JSONField(null=True)
    resubmitted_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "dead_letter"
        indexes = [
            models.Index(
                fields=["reason", "-id"],
                name="dead_letter_open",
                condition=models.Q(resubmitted_at__isnull=True, discarded_at__isnull=True),
            )
        ]


class ImportRun(models.Model):
    """How far an import of one file with one mapping came; `line` is the last line safely in the ledger."""

    digest = models.TextField(primary_key=True)
    file = models.TextField()
    source = models.TextField()
    line = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    dropped = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_run"


class Hook(models.Model):
    """How a webhook's deliveries are checked and read; the secret is sealed with the master key, empty until there is
    one. `public_id` stands in the address others send to. Until its source is enabled nothing is taken."""

    source = models.OneToOneField(Source, on_delete=models.CASCADE, primary_key=True, related_name="hook")
    public_id = models.TextField(unique=True)
    kind = models.TextField()
    secret = models.BinaryField(default=b"")
    secret_at = models.DateTimeField(null=True)
    options = models.JSONField(default=dict)

    class Meta:
        db_table = "hook"


class HookDelivery(models.Model):
    """One delivery that was signed rightly; `key` is a hash of its id, `times` how often it came."""

    source = models.TextField()
    key = models.BinaryField(max_length=16)
    topic = models.TextField(default="")
    events = models.IntegerField(default=0)
    why = models.TextField(default="")
    times = models.IntegerField(default=1)
    received_at = models.DateTimeField()

    class Meta:
        db_table = "hook_delivery"
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="hook_delivery_once")]
        indexes = [
            models.Index(fields=["source", "-received_at"], name="hook_delivery_latest"),
            models.Index(fields=["received_at"], name="hook_delivery_old"),
        ]


class HookRefusal(models.Model):
    """How many deliveries were turned away on a day (UTC) because of their signature; nothing of them is kept."""

    source = models.TextField()
    day = models.DateField()
    reason = models.TextField()
    count = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        db_table = "hook_refusal"
        constraints = [models.UniqueConstraint(fields=["source", "day", "reason"], name="hook_refusal_once")]


class PlannedEvent(models.Model):
    """What an event of a name should say: a JSON Schema (draft 2020-12) for its properties. What is counted about it
    begins anew at `changed_at`."""

    name = models.TextField(unique=True)
    schema = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.TextField(default="")

    class Meta:
        db_table = "plan_event"
        ordering = ["name"]


class SeenEvent(models.Model):
    """How many events of a name came from a source, planned or not; `bad` of them are not as planned."""

    name = models.TextField()
    source = models.TextField()
    events = models.BigIntegerField(default=0)
    bad = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    message_id = models.TextField()

    class Meta:
        db_table = "plan_seen"
        constraints = [models.UniqueConstraint(fields=["name", "source"], name="plan_seen_once")]
        indexes = [models.Index(fields=["last_at"], name="plan_seen_old")]


class Violation(models.Model):
    """In what way events of a name and source are not as planned; `message_id` is that of the latest, and `hint` says
    what was probably meant in it. No value that was sent is kept."""

    name = models.TextField()
    source = models.TextField()
    property = models.TextField()
    words = models.TextField()
    hint = models.TextField(default="")
    count = models.BigIntegerField(default=0)
    last_at = models.DateTimeField()
    message_id = models.TextField()

    class Meta:
        db_table = "plan_violation"
        constraints = [
            models.UniqueConstraint(
                fields=["name", "source", "property", "words"], name="plan_violation_once"
            )
        ]


class PlanPosition(models.Model):
    """How far of a lane events were held against the plan; `skipped` of them were not, as too many came at once."""

    lane = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)

    class Meta:
        db_table = "plan_position"


class Upload(models.Model):
    """A file that somebody sent to be imported, how it is to be read, and how far that came. Its bytes are sealed
    with the master key, in parts, and go once it is imported. `claim` is the worker's job that is at it, "" for none."""

    STATES = {
        "mapping": "waiting for you",
        "counting": "being looked through",
        "counted": "ready to import",
        "importing": "being imported",
        "stopped": "stopped",
        "failed": "failed",
        "done": "imported",
    }

    id = models.TextField(primary_key=True)
    name = models.TextField()
    size = models.BigIntegerField()
    choices = models.JSONField()
    state = models.TextField(choices=list(STATES.items()), default="mapping")
    share = models.FloatField(default=0.0)
    counts = models.JSONField(default=dict)
    problem = models.TextField(default="")
    stopping = models.BooleanField(default=False)
    claim = models.TextField(default="")
    created_at = models.DateTimeField()
    created_by = models.TextField(default="")
    touched_at = models.DateTimeField()

    class Meta:
        db_table = "upload"
        ordering = ["-created_at"]


class UploadPart(models.Model):
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    place = models.IntegerField()
    sealed = models.BinaryField()

    class Meta:
        db_table = "upload_part"
        constraints = [models.UniqueConstraint(fields=["upload", "place"], name="upload_part_once")]
