from django.db import migrations

from tocsin.web.learn.names_sql import NAMES


class Migration(migrations.Migration):
    dependencies = [("web_learn", "0007_choices")]
    operations = [migrations.RunSQL(NAMES)]
