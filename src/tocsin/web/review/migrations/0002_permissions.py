from django.db import migrations

from tocsin.web.record.ledger_sql import BACKWARD
from tocsin.web.review.guard_sql import GUARDS
from tocsin.web.review.numbers_sql import WHOLE
from tocsin.web.review.permission_sql import FUNCTIONS
from tocsin.web.review.policy_sql import POLICIES


class Migration(migrations.Migration):
    dependencies = [("web_review", "0001_initial"), ("web_concerns", "0005_rooms")]
    operations = [migrations.RunSQL(FUNCTIONS + GUARDS + WHOLE + POLICIES, BACKWARD)]
