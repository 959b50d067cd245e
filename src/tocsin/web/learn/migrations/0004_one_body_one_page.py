from django.db import migrations, models

from tocsin.web.learn.identity import identity


def named(apps, schema_editor):
    from tocsin.web.record.acting import TOCSIN, acting_as

    Addressee = apps.get_model("web_learn", "Addressee")
    with acting_as(TOCSIN):
        for found in Addressee.objects.select_related("body"):
            Addressee.objects.filter(pk=found.pk).update(who=identity(found.body.name if found.body else found.name).id)


class Migration(migrations.Migration):
    dependencies = [("web_learn", "0003_search")]
    operations = [
        migrations.AddField(model_name="addressee", name="who", field=models.CharField(blank=True, db_index=True, max_length=80)),
        migrations.RunPython(named, migrations.RunPython.noop),
    ]
