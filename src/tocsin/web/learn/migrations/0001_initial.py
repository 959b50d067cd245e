import uuid

import django.db.models.deletion
import pgvector.django.halfvec
from django.conf import settings
from django.db import migrations, models

from tocsin.web.learn.extension import NOT_BACK, extensions_there


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("web_people", "0002_cache"),
        ("web_record", "0002_ledger"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(extensions_there, NOT_BACK),
        migrations.CreateModel(
            name="Family",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=300)),
                ("made", models.DateTimeField()),
                ("shipped", models.BooleanField(default=False)),
            ],
            options={
                "db_table": "learn_family",
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(help_text="Its stable address", max_length=160, unique=True)),
                ("kind", models.CharField(help_text="recommendation, failing", max_length=20)),
                ("number", models.CharField(blank=True, max_length=40)),
                ("page", models.PositiveIntegerField(null=True)),
                ("page_why", models.CharField(blank=True, max_length=300)),
                ("text", models.TextField()),
                ("source", models.JSONField(default=list, help_text="[document, address]")),
                (
                    "accepted",
                    models.CharField(
                        choices=[
                            ("unknown", "Not known"),
                            ("accepted", "Accepted"),
                            ("accepted-in-part", "Accepted in part"),
                            ("accepted-in-principle", "Accepted in principle"),
                            ("not-accepted", "Not accepted"),
                            ("no-reply", "No reply"),
                        ],
                        default="unknown",
                        max_length=30,
                    ),
                ),
                ("accepted_on", models.DateField(null=True)),
                ("reply", models.JSONField(default=dict, help_text="What was answered: {by, says, grade, graded_by, source}")),
                ("owner", models.CharField(blank=True, help_text="Who has taken it on", max_length=300)),
                ("actions", models.JSONField(default=list, help_text="[{what, by, on, source}, ...]")),
                ("cost", models.CharField(blank=True, max_length=300)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("unknown", "Not known"),
                            ("not-begun", "Not begun"),
                            ("acting", "Being acted on"),
                            ("done-by-assertion", "Said to be done, not shown"),
                            ("shown-to-work", "Shown to work"),
                            ("shown-not-to-work", "Shown not to work"),
                            ("superseded", "Superseded"),
                            ("merged", "Merged into another"),
                        ],
                        default="unknown",
                        max_length=20,
                    ),
                ),
                ("next_review", models.DateField(null=True)),
                ("unconfirmed", models.BooleanField(default=False, help_text="No page that was seen says this")),
                ("withdrawn", models.DateTimeField(help_text="It turned out to be neither a recommendation nor a failing", null=True)),
                ("open", models.BooleanField(default=False)),
                ("on", models.DateField(null=True)),
                ("vector", pgvector.django.halfvec.HalfVectorField(dimensions=1024, null=True)),
                ("measure", models.CharField(blank=True, help_text="Version of the measure that gave the vector", max_length=40)),
                ("print", models.CharField(blank=True, max_length=64)),
                ("touched", models.JSONField(default=list)),
                ("body", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.body")),
                ("family", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to="web_learn.family")),
                ("provider", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.provider")),
            ],
            options={
                "db_table": "learn_item",
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("text", models.TextField(blank=True)),
                ("addressee", models.CharField(blank=True, help_text="Kind of body in the map", max_length=60)),
                (
                    "power",
                    models.CharField(blank=True, help_text="Power that it would need; empty: it can do this by itself", max_length=60),
                ),
                ("measure", models.CharField(blank=True, max_length=500)),
                ("cost", models.CharField(blank=True, max_length=300)),
                ("by_when", models.CharField(blank=True, max_length=100)),
                ("version", models.PositiveIntegerField(default=0)),
                ("began", models.DateTimeField()),
                ("saved", models.DateTimeField()),
                ("ended", models.CharField(blank=True, help_text="adopted, entered, dropped", max_length=10)),
                ("body", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="web_people.body")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ("item", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_learn.item")),
            ],
            options={
                "db_table": "learn_draft",
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("failing", models.CharField(db_index=True, max_length=80)),
                ("score", models.FloatField(null=True)),
                ("reason", models.JSONField(default=dict, help_text="{example, voice, words} or {by}")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("confirmed", "Confirmed"),
                            ("disputed", "Coders disagree"),
                            ("refused", "Refused"),
                        ],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="web_learn.item")),
            ],
            options={
                "db_table": "learn_link",
            },
        ),
        migrations.CreateModel(
            name="Coding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("says", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("member", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ("link", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="web_learn.link")),
            ],
            options={
                "db_table": "learn_coding",
            },
        ),
        migrations.CreateModel(
            name="Passage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.PositiveIntegerField(help_text="Place in the report, from 1")),
                ("page", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("kind", models.CharField(max_length=20)),
                ("kind_read", models.CharField(max_length=20)),
                ("number", models.CharField(blank=True, max_length=40)),
                ("why", models.CharField(max_length=300)),
                ("corrected_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "db_table": "learn_passage",
            },
        ),
        migrations.AddField(
            model_name="item",
            name="passage",
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, to="web_learn.passage"),
        ),
        migrations.CreateModel(
            name="Push",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.TextField()),
                ("at", models.DateTimeField()),
                ("body", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="web_people.body")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="web_learn.item")),
            ],
            options={
                "db_table": "learn_push",
            },
        ),
        migrations.CreateModel(
            name="Relation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(help_text="same, conflict, replaces", max_length=12)),
                ("why", models.CharField(max_length=500)),
                ("at", models.DateTimeField()),
                ("by_body", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.body")),
                ("one", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="web_learn.item")),
                ("other", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="web_learn.item")),
            ],
            options={
                "db_table": "learn_relation",
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.CharField(help_text="Its stable address", max_length=120, unique=True)),
                ("title", models.CharField(max_length=500)),
                (
                    "on",
                    models.DateField(
                        db_index=True,
                        help_text="Day on which it was published; the first one of the month or year where no more is known",
                        null=True,
                    ),
                ),
                ("on_words", models.CharField(blank=True, help_text="The day as it is known: 2015, 2015-03, 2015-03-03", max_length=40)),
                ("author", models.CharField(blank=True, help_text="Who wrote it", max_length=300)),
                ("kind", models.CharField(blank=True, max_length=40)),
                ("provider_name", models.CharField(blank=True, max_length=300)),
                ("addressees", models.JSONField(default=list)),
                ("sources", models.JSONField(default=list, help_text="[[document, address, how much of it was seen], ...]")),
                ("note", models.TextField(blank=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[("shipped", "Comes with Tocsin"), ("uploaded", "Taken in here"), ("desk", "Written at the drafting desk")],
                        max_length=10,
                    ),
                ),
                ("taken_in", models.DateTimeField()),
                ("opened", models.DateTimeField(help_text="Since when everybody may see it", null=True)),
                ("file_name", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be read"),
                            ("reading", "Being read"),
                            ("read", "Read"),
                            ("unreadable", "Cannot be read"),
                        ],
                        default="read",
                        max_length=12,
                    ),
                ),
                ("progress", models.PositiveSmallIntegerField(default=0, help_text="Per cent")),
                ("problem", models.CharField(blank=True, max_length=500)),
                ("pages", models.PositiveIntegerField(default=0)),
                ("paged", models.BooleanField(default=True)),
                ("scanned", models.JSONField(default=list, help_text="Pages that are pictures, from which nothing was read")),
                (
                    "found",
                    models.JSONField(
                        default=dict, help_text="What the reading found: {field: {value, page, how}}; corrections do not change it"
                    ),
                ),
                ("print", models.CharField(blank=True, help_text="SHA-256 of what was shipped", max_length=64)),
                (
                    "touched",
                    models.JSONField(default=list, help_text="Fields that were changed by hand; a new shipped version leaves them alone"),
                ),
                ("body", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.body")),
                ("by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ("file", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_record.storedfile")),
                ("provider", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.provider")),
            ],
            options={
                "db_table": "learn_report",
            },
        ),
        migrations.AddField(
            model_name="passage",
            name="report",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="web_learn.report"),
        ),
        migrations.AddField(
            model_name="item",
            name="report",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="web_learn.report"),
        ),
        migrations.CreateModel(
            name="StatusEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("unknown", "Not known"),
                            ("not-begun", "Not begun"),
                            ("acting", "Being acted on"),
                            ("done-by-assertion", "Said to be done, not shown"),
                            ("shown-to-work", "Shown to work"),
                            ("shown-not-to-work", "Shown not to work"),
                            ("superseded", "Superseded"),
                            ("merged", "Merged into another"),
                        ],
                        max_length=20,
                    ),
                ),
                ("on", models.DateField(null=True)),
                ("on_words", models.CharField(blank=True, max_length=40)),
                ("evidence", models.TextField()),
                ("source", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("shipped", models.BooleanField(default=False)),
                ("by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ("by_body", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.body")),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="web_learn.item")),
            ],
            options={
                "db_table": "learn_status",
            },
        ),
        migrations.CreateModel(
            name="DraftVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("words", models.JSONField()),
                ("at", models.DateTimeField()),
                ("draft", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="web_learn.draft")),
            ],
            options={
                "db_table": "learn_draft_version",
                "constraints": [models.UniqueConstraint(fields=("draft", "version"), name="draft_version")],
            },
        ),
        migrations.CreateModel(
            name="Addressee",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(db_index=True, max_length=300)),
                ("kind", models.CharField(blank=True, max_length=60)),
                ("body", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="web_people.body")),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="web_learn.item")),
            ],
            options={
                "db_table": "learn_addressee",
                "constraints": [models.UniqueConstraint(fields=("item", "name"), name="addressee_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(fields=("item", "failing"), name="link_once"),
        ),
        migrations.AddConstraint(
            model_name="coding",
            constraint=models.UniqueConstraint(fields=("link", "member"), name="coding_once"),
        ),
        migrations.AddConstraint(
            model_name="push",
            constraint=models.UniqueConstraint(fields=("item", "body"), name="push_once"),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.UniqueConstraint(fields=("one", "other", "kind"), name="relation_once"),
        ),
        migrations.AddConstraint(
            model_name="passage",
            constraint=models.UniqueConstraint(fields=("report", "at"), name="passage_once"),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["report", "page"], name="item_report"),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["on"], name="item_on"),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["status"], name="item_status"),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(condition=models.Q(("open", False)), fields=["body"], name="item_draft"),
        ),
        migrations.AddIndex(
            model_name="statusentry",
            index=models.Index(fields=["item", "on"], name="status_item"),
        ),
    ]
