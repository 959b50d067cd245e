from django.db import migrations

from tocsin.web.learn.search_tables import CHOICES


class Migration(migrations.Migration):
    # the row-level security of items binds the owner too: what is copied is copied as Tocsin
    dependencies = [("web_learn", "0006_nearest")]
    operations = [
        migrations.RunSQL("SELECT set_config('tocsin.acting', 'tocsin', true)", migrations.RunSQL.noop),
        migrations.RunSQL(CHOICES, migrations.RunSQL.noop),
        migrations.RunSQL("SELECT set_config('tocsin.acting', '', true)", migrations.RunSQL.noop),
    ]
