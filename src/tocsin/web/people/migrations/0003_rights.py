"""Row-level security for what is kept of people and of how they sign in."""

from django.db import migrations, models

from tocsin.web.people.permission_sql import FUNCTIONS, POLICIES, SIGN_IN


class Migration(migrations.Migration):
    dependencies = [
        ("web_people", "0002_cache"),
        # tocsin_member() and record_told
        ("web_concerns", "0002_permissions"),
        ("sessions", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        ("usersessions", "0001_initial"),
    ]
    operations = [
        migrations.CreateModel(
            name="Tries",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("wrong", models.PositiveIntegerField()),
                ("last", models.DateTimeField()),
            ],
            options={"db_table": "people_tries", "indexes": [models.Index(fields=["last"], name="tries_last")]},
        ),
        migrations.CreateModel(
            name="Named",
            fields=[("id", models.UUIDField(primary_key=True, serialize=False)), ("name", models.CharField(max_length=200))],
            options={"db_table": "people_named", "managed": False},
        ),
        migrations.RemoveField("invitation", "tries"),
        migrations.AddField("invitation", "withdrawn", models.DateTimeField(null=True)),
        migrations.AddField(
            "invitation",
            "renews",
            models.BooleanField(default=False, help_text="Of a member who has forgotten the password: with it they choose another"),
        ),
        migrations.RunSQL(FUNCTIONS + POLICIES + "\n" + SIGN_IN),
    ]
