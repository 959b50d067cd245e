from django.db import migrations, models

from tocsin.web.concerns.permission_sql import WITHDRAWN


class Migration(migrations.Migration):
    dependencies = [("web_concerns", "0007_may")]
    operations = [
        migrations.AddField(
            "publication",
            "withdrawn",
            models.DateTimeField(null=True, help_text="When the concern turned out to be about people; from then it is not public"),
        ),
        migrations.RunSQL(WITHDRAWN, migrations.RunSQL.noop),
    ]
