from django.db import migrations

from tocsin.web.concerns.permission_sql import ROOMS
from tocsin.web.record.ledger_sql import BACKWARD


class Migration(migrations.Migration):
    dependencies = [("web_concerns", "0004_owed_rights")]
    operations = [migrations.RunSQL(ROOMS, BACKWARD)]
