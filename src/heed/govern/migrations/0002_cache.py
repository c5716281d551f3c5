"""The shared cache that counts failed sign-ins, in the shape Django's DatabaseCache expects."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("govern", "0001_initial")]
    operations = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE IF NOT EXISTS govern_cache (
                cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
            );
            CREATE INDEX IF NOT EXISTS govern_cache_expires ON govern_cache (expires);
            """,
            "DROP TABLE IF EXISTS govern_cache",
        )
    ]
