from django.db import migrations


class Migration(migrations.Migration):
    """Wrong codes of receipts are counted by web.people.tries."""

    dependencies = [("web_concerns", "0011_kept")]
    operations = [migrations.RemoveField("raiser", "tries")]
