from django.db import migrations

from tocsin.web.concerns.permission_sql import KEPT


class Migration(migrations.Migration):
    dependencies = [("web_concerns", "0010_own")]
    operations = [
        migrations.RunSQL(KEPT, "DROP FUNCTION concerns_kept(bigint), concerns_answers(bigint)"),
    ]
