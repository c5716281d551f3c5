from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('collect', '0004_uploads'),
    ]

    operations = [
        migrations.AddField(
            model_name='violation',
            name='hint',
            field=models.TextField(default=''),
        ),
    ]
