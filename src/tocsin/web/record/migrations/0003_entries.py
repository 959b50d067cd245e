from django.db import migrations

from tocsin.web.record.ledger_sql import BACKWARD, ENTRIES


class Migration(migrations.Migration):
    dependencies = [("web_record", "0002_ledger")]
    operations = [migrations.RunSQL(ENTRIES, BACKWARD)]
