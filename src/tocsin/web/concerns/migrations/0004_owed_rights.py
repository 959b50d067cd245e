from django.db import migrations

from tocsin.web.concerns.permission_sql import OWED
from tocsin.web.record.ledger_sql import BACKWARD


class Migration(migrations.Migration):
    dependencies = [("web_concerns", "0003_owed")]
    operations = [migrations.RunSQL(OWED, BACKWARD)]
