import django.contrib.postgres.fields
from django.db import migrations, models

_FORWARD = """
create sequence carry_batch;
create view carry_progress as
    select lane, min(seq) as seq, max(carried_at) as carried_at from carry_position group by lane;
"""
_BACK = "drop view carry_progress; drop sequence carry_batch"


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Rules",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                (
                    "atoms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
            ],
            options={"db_table": "carry_rules"},
        ),
        migrations.CreateModel(
            name="LakeOutbox",
            fields=[
                ("batch", models.BigIntegerField(primary_key=True, serialize=False)),
                ("count", models.IntegerField()),
                ("rows", models.BinaryField()),
                ("append", models.BigIntegerField(null=True)),
            ],
            options={"db_table": "lake_outbox"},
        ),
        migrations.CreateModel(
            name="LakeAppend",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=0)),
            ],
            options={"db_table": "lake_append"},
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "lane", "part", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("lane", models.SmallIntegerField()),
                ("part", models.SmallIntegerField()),
                ("seq", models.BigIntegerField(default=0)),
                ("carried_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "carry_position"},
        ),
        migrations.CreateModel(
            name="Seen",
            fields=[
                ("key", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "carry_seen"},
        ),
        migrations.CreateModel(
            name="HourCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("source", models.TextField()),
                ("outcome", models.TextField()),
                ("count", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "carry_hour",
                "constraints": [
                    models.UniqueConstraint(fields=("hour", "source", "outcome"), name="carry_hour_once")
                ],
            },
        ),
        migrations.RunSQL(_FORWARD, _BACK),
    ]
