import pgvector.django.halfvec
from django.db import migrations

from tocsin.web.learn.search_tables import SEARCH


class Migration(migrations.Migration):
    dependencies = [("web_learn", "0002_rights")]
    operations = [
        migrations.RunSQL(SEARCH, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="item", name="vector", field=pgvector.django.halfvec.HalfVectorField(dimensions=512, null=True)
                )
            ]
        ),
    ]
