from django.db import migrations

from tocsin.web.people.permission_sql import REACHABLE


class Migration(migrations.Migration):
    dependencies = [("web_people", "0003_rights")]
    operations = [migrations.RunSQL(REACHABLE, "DROP FUNCTION people_reachable(bigint[])")]
