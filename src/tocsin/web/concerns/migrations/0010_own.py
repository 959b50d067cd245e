from django.db import migrations

from tocsin.web.concerns.permission_sql import MAY


class Migration(migrations.Migration):
    dependencies = [("web_concerns", "0009_tenures")]
    operations = [migrations.RunSQL(MAY, migrations.RunSQL.noop)]
