from django.db import migrations

from tocsin.web.record.ledger_sql import BACKWARD
from tocsin.web.review.permission_sql import FUNCTIONS, POLICIES, WHOLE


class Migration(migrations.Migration):
    dependencies = [("web_review", "0001_initial"), ("web_concerns", "0005_rooms")]
    operations = [migrations.RunSQL(FUNCTIONS + WHOLE + POLICIES, BACKWARD)]
