"""Rows wait for the lake for a second or two: packing them would cost more than they take."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("pipeline", "0003_filling")]
    operations = [
        migrations.RunSQL("alter table lake_outbox alter column rows set storage external", migrations.RunSQL.noop)
    ]
