from django.db import migrations, models

KINDS = [
    ("topic", "What we write about"),
    ("use", "What we use data for"),
    ("channel", "How we reach out"),
]
BASES = [
    ("consent", "Consent"),
    ("contract", "Contract"),
    ("legitimate_interest", "Legitimate interest"),
    ("legal_obligation", "Legal obligation"),
]
REQUESTS = [("copy", "wants to see their data"), ("erasure", "wants their data erased")]


class Migration(migrations.Migration):
    dependencies = [("profiles", "0005_matching")]

    operations = [
        migrations.CreateModel(
            name="Purpose",
            fields=[
                ("key", models.SlugField(max_length=60, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("kind", models.TextField(choices=KINDS, default="topic")),
                ("basis", models.TextField(choices=BASES, default="consent")),
                ("wording", models.TextField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("offered", models.BooleanField(default=True)),
                ("place", models.PositiveSmallIntegerField(default=100)),
            ],
            options={"db_table": "purpose", "ordering": ["place", "key"]},
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("profile_id", models.UUIDField(db_index=True)),
                ("kind", models.TextField(choices=REQUESTS)),
                ("at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("done_by", models.TextField(default="", blank=True)),
            ],
            options={
                "db_table": "privacy_request",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["profile_id", "kind"],
                        condition=models.Q(done_at__isnull=True),
                        name="privacy_request_open_once",
                    )
                ],
            },
        ),
    ]
