from django.db import migrations

from tocsin.web.review.names_sql import NAMES


class Migration(migrations.Migration):
    dependencies = [("web_review", "0008_days_of_all")]
    operations = [migrations.RunSQL(NAMES)]
