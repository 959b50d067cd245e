import django.db.models.deletion
from django.db import migrations, models

from tocsin.web.learn.proposal_sql import RIGHTS


class Migration(migrations.Migration):
    dependencies = [("web_learn", "0004_one_body_one_page")]
    operations = [
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(help_text="same, conflict", max_length=12)),
                ("why", models.CharField(max_length=500)),
                ("likeness", models.FloatField()),
                ("at", models.DateTimeField()),
                (
                    "one",
                    models.ForeignKey(
                        help_text="The later one", on_delete=django.db.models.deletion.CASCADE, related_name="+", to="web_learn.item"
                    ),
                ),
                ("other", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="web_learn.item")),
            ],
            options={
                "db_table": "learn_proposal",
                "indexes": [models.Index(fields=["-likeness"], name="proposal_likeness")],
                "constraints": [models.UniqueConstraint(fields=("one", "other", "kind"), name="proposal_once")],
            },
        ),
        migrations.AlterField(
            model_name="relation",
            name="kind",
            field=models.CharField(help_text="same, conflict, replaces, not-same, not-conflict", max_length=12),
        ),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
