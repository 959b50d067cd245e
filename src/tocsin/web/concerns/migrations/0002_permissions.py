from django.db import migrations

from tocsin.web.concerns.permission_sql import FUNCTIONS, POLICIES, TABLES
from tocsin.web.record.ledger_sql import BACKWARD


class Migration(migrations.Migration):
    dependencies = [("web_concerns", "0001_initial"), ("web_record", "0002_ledger")]
    operations = [migrations.RunSQL(FUNCTIONS + POLICIES + TABLES, BACKWARD)]
