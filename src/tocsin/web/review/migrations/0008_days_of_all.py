from django.db import migrations

from tocsin.web.review.numbers_sql import WHOLE


class Migration(migrations.Migration):
    dependencies = [("web_review", "0007_progress_of_all")]
    operations = [migrations.RunSQL(WHOLE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"), migrations.RunSQL.noop)]
