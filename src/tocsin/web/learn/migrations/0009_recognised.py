from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web_learn", "0008_names")]
    operations = [
        migrations.AddField(
            "report",
            "recognised",
            models.JSONField(default=list, help_text="Pages that are pictures, whose words were recognised, with errors likely"),
        ),
    ]
