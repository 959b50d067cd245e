from django.db import migrations

from tocsin.web.learn.rights_sql import FUNCTIONS, POLICIES, SEARCH


class Migration(migrations.Migration):
    dependencies = [("web_learn", "0001_initial"), ("web_concerns", "0005_rooms")]
    operations = [migrations.RunSQL(FUNCTIONS + POLICIES + SEARCH, migrations.RunSQL.noop)]
