from django.db import migrations

TABLE = """
CREATE TABLE people_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX people_cache_expires ON people_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("web_people", "0001_initial")]
    operations = [migrations.RunSQL(TABLE, "DROP TABLE people_cache")]
