from django.db import migrations

KEPT = """
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON web_accord_mapinforce FOR EACH ROW EXECUTE FUNCTION record_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("web_accord", "0001_initial"), ("web_record", "0002_ledger")]
    operations = [migrations.RunSQL(KEPT, "DROP TRIGGER kept ON web_accord_mapinforce")]
