from django.db import migrations

from tocsin.web.fhir.fhir_sql import POLICIES


class Migration(migrations.Migration):
    dependencies = [("web_fhir", "0001_initial"), ("web_concerns", "0004_owed_rights")]
    operations = [migrations.RunSQL(POLICIES, migrations.RunSQL.noop)]
