"""Which map is in force. A row is added each time one is put in force, and none is changed: the newest is the one in force."""

from django.db import models


class MapInForce(models.Model):
    name = models.CharField(max_length=300)
    files = models.JSONField(help_text="Names and texts of the map's files, in the order in which they are joined: [[name, text], ...]")
    content_print = models.CharField(max_length=64, help_text="SHA-256 of the files")
    since = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=300, help_text="The person who put it in force")
    broken = models.JSONField(help_text="Codes of the laws that it breaks")
    override = models.TextField(blank=True, help_text="Why it was put in force although it breaks a law")
