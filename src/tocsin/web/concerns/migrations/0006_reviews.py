import django.db.models.deletion
from django.db import migrations, models

FILL = """
SELECT set_config('tocsin.acting', 'tocsin', true);
ALTER TABLE concerns_information DISABLE TRIGGER told;
UPDATE concerns_information i SET provider_id = c.provider_id, shared = NOT c.restricted FROM concerns_concern c WHERE c.id = i.concern_id;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE concerns_information ENABLE TRIGGER told;
"""


class Migration(migrations.Migration):
    dependencies = [("web_concerns", "0005_rooms"), ("web_people", "0002_cache")]
    operations = [
        migrations.AddField("concern", "reminded", models.CharField(blank=True, default="", help_text="Of what the holder was last reminded, and for which day", max_length=60), preserve_default=False),
        migrations.AddField("plannedaction", "checked_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="web_people.body")),
        migrations.AddField("takeover", "reviewed", models.JSONField(default=list, help_text="[{day, for, words}, ...]: when it was reviewed, for which of those days, what was found")),
        migrations.AddField("informationrequest", "provider", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.provider")),
        migrations.AddField("informationrequest", "shared", models.BooleanField(default=True, help_text="Of a concern that is not about people: one question to the provider at a time")),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField("informationrequest", "provider", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="web_people.provider")),
        migrations.AddConstraint("informationrequest", models.UniqueConstraint(condition=models.Q(("answered", None), ("shared", True)), fields=("provider",), name="one_question_a_provider")),
    ]
