from django.db import migrations

from tocsin.web.record.ledger_sql import BACKWARD, FORWARD


class Migration(migrations.Migration):
    dependencies = [("web_record", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
