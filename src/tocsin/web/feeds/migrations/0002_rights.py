from django.db import migrations

from tocsin.web.feeds.feeds_sql import POLICIES


class Migration(migrations.Migration):
    dependencies = [("web_feeds", "0001_initial"), ("web_concerns", "0004_owed_rights")]
    operations = [migrations.RunSQL(POLICIES, migrations.RunSQL.noop)]
