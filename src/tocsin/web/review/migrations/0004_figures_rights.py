from django.db import migrations

from tocsin.web.review.numbers_sql import WHOLE
from tocsin.web.review.policy_sql import policies

_SEATED = "panel_id IN (SELECT review_my_seats())"
_SELF = "(SELECT tocsin_acts_itself())"
RIGHTS = policies(
    "review_figures", True, select=f"{_SELF} OR {_SEATED}", insert=f"{_SEATED} AND by_id = tocsin_member() AND result IS NULL", update=_SELF
)


class Migration(migrations.Migration):
    dependencies = [("web_review", "0003_figures")]
    operations = [migrations.RunSQL(RIGHTS + WHOLE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"), migrations.RunSQL.noop)]
