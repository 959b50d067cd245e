import django.db.models.deletion
from django.db import migrations, models

from tocsin.web.concerns.permission_sql import TENURE

FILL = """
SELECT set_config('tocsin.acting', 'tocsin', true);
ALTER TABLE concerns_concern DISABLE TRIGGER told;
UPDATE concerns_concern c SET closed_by_id = b.id FROM record_entry e JOIN people_body b ON b.code = e.payload::jsonb ->> 'signed_by'
 WHERE c.closed IS NOT NULL AND e.chain = 'concern:' || c.id AND e.what = 'closed';
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE concerns_concern ENABLE TRIGGER told;
WITH begun AS (
    SELECT c.id, 0 AS step, coalesce((SELECT p.from_kind FROM concerns_passed p WHERE p.concern_id = c.id AND p.number = 1), c.holder_kind) AS kind,
           (c.opened AT TIME ZONE 'Europe/London')::date AS since FROM concerns_concern c
    UNION ALL SELECT concern_id, number, to_kind, day FROM concerns_passed WHERE to_kind <> ''
    UNION ALL SELECT t.concern_id, 1000, b.kind, t.began FROM concerns_takeover t JOIN people_body b ON b.id = t.body_id
), changed AS (
    SELECT *, lag(kind) OVER (PARTITION BY id ORDER BY since, step) AS before FROM begun
), span AS (
    SELECT id, kind, since, row_number() OVER w AS number, lead(since) OVER w AS following FROM changed
     WHERE kind <> '' AND kind IS DISTINCT FROM before WINDOW w AS (PARTITION BY id ORDER BY since, step)
), ended AS (
    SELECT s.*, c.provider_id, coalesce(s.following, (c.closed AT TIME ZONE 'Europe/London')::date) AS until
      FROM span s JOIN concerns_concern c ON c.id = s.id
), did AS (
    SELECT d.*, (SELECT min((e.at AT TIME ZONE 'Europe/London')::date) FROM record_entry e WHERE e.chain = 'concern:' || d.id
                 AND e.what IN ('acknowledged', 'acted', 'taken-over') AND e.payload::jsonb ->> 'as' = d.kind
                 AND (e.at AT TIME ZONE 'Europe/London')::date BETWEEN d.since AND coalesce(d.until, 'infinity')) AS acknowledged,
                (SELECT min((e.at AT TIME ZONE 'Europe/London')::date) FROM record_entry e WHERE e.chain = 'concern:' || d.id
                 AND e.what IN ('acted', 'taken-over') AND e.payload::jsonb ->> 'as' = d.kind
                 AND (e.at AT TIME ZONE 'Europe/London')::date BETWEEN d.since AND coalesce(d.until, 'infinity')) AS acted
      FROM ended d
)
INSERT INTO concerns_tenure (concern_id, number, kind, body_id, since, until, acknowledged, acted, silent, reason)
SELECT d.id, d.number, d.kind,
       (SELECT b.id FROM people_body b LEFT JOIN people_coverage k ON k.body_id = b.id AND k.provider_id = d.provider_id
         WHERE b.kind = d.kind AND (b.provider_id = d.provider_id OR k.id IS NOT NULL OR b.national) ORDER BY b.national, b.id LIMIT 1),
       d.since, d.until, d.acknowledged, d.acted,
       EXISTS (SELECT FROM concerns_passed p WHERE p.concern_id = d.id AND p.from_kind = d.kind AND p.reason IN ('deadline-passed', 'unreachable')
               AND p.day BETWEEN d.since AND coalesce(d.until, 'infinity')),
       coalesce((SELECT p.reason FROM concerns_passed p WHERE p.concern_id = d.id AND p.from_kind = d.kind
                 AND p.day BETWEEN d.since AND coalesce(d.until, 'infinity') ORDER BY p.number DESC LIMIT 1),
                CASE WHEN d.until IS NOT NULL AND d.following IS NULL THEN 'closed' ELSE '' END)
  FROM did d;
"""
"""What the clock keeps from now on, for the concerns that are there already."""


class Migration(migrations.Migration):
    dependencies = [("web_concerns", "0008_withdrawn"), ("web_people", "0002_cache")]
    operations = [
        migrations.AddField("concern", "closed_by", models.ForeignKey(help_text="The body that signed the closing", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="web_people.body")),
        migrations.CreateModel(
            name="Tenure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=60)),
                ("since", models.DateField()),
                ("until", models.DateField(null=True)),
                ("acknowledged", models.DateField(null=True)),
                ("acted", models.DateField(null=True)),
                ("silent", models.BooleanField(default=False)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("body", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.body")),
                ("concern", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="web_concerns.concern")),
            ],
            options={"db_table": "concerns_tenure"},
        ),
        migrations.AddConstraint("tenure", models.UniqueConstraint(fields=("concern", "number"), name="tenure_once")),
        migrations.RunSQL(TENURE, migrations.RunSQL.noop),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
