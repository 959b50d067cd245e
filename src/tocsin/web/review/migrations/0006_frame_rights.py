from django.db import migrations

from tocsin.web.record.ledger_sql import BACKWARD
from tocsin.web.review.frame_sql import FRAMES
from tocsin.web.review.guard_sql import GUARDS


class Migration(migrations.Migration):
    dependencies = [("web_review", "0005_frames")]
    operations = [migrations.RunSQL(GUARDS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") + FRAMES, BACKWARD)]
