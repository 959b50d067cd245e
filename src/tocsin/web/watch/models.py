"""What is stored of a run. Only the newest run keeps its streams; of older ones the row in Run and their rings stay."""

from django.db import models


class Run(models.Model):
    loaded = models.DateTimeField(auto_now_add=True)
    as_of = models.DateField()
    promise = models.TextField()
    reading = models.JSONField()
    listed = models.JSONField(help_text="[site, indicator] pairs on the list of the day, strongest first")
    list_fdr = models.FloatField()
    comparison = models.JSONField(null=True, help_text="Of a demo country only: what was planted in it, beside what was found")


class Site(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    code = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    provider = models.CharField(max_length=100)
    provider_name = models.CharField(max_length=300)
    region = models.CharField(max_length=200, blank=True)
    opened = models.DateField(null=True)
    closed = models.DateField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "code"), name="one_row_a_site"),)


class Indicator(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    key = models.CharField(max_length=100)
    name = models.CharField(max_length=300)
    definition = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "key"), name="one_row_an_indicator"),)


class Stream(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE)
    level = models.CharField(max_length=5, blank=True)
    first_day = models.DateField()
    last_day = models.DateField()
    settled_to = models.DateField()
    births = models.BigIntegerField()
    events = models.BigIntegerField()
    expected = models.FloatField()
    reference_rate = models.FloatField()
    crude_ratio = models.FloatField(null=True)
    adjusted_ratio = models.FloatField(null=True)
    power_sentence = models.TextField()
    power_median = models.FloatField(null=True)
    months = models.JSONField(help_text="rows [month, births, events, expected, rise, cusum, settled]")
    thresholds = models.JSONField(help_text="[rise amber, rise red, cusum amber, cusum red]")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("site", "indicator"), name="one_row_a_stream"),)


class Ring(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    stream = models.ForeignKey(Stream, on_delete=models.SET_NULL, null=True)
    site_code = models.CharField(max_length=100)
    indicator_key = models.CharField(max_length=100)
    detector = models.CharField(max_length=20)
    level = models.CharField(max_length=5)
    first_day_over = models.DateField()
    amber_day = models.DateField()
    red_day = models.DateField(null=True)
    onset = models.DateField()
    onset_low = models.DateField()
    onset_high = models.DateField()
    rate_ratio = models.FloatField()
    rate_ratio_low = models.FloatField()
    rate_ratio_high = models.FloatField()
    events = models.IntegerField()
    expected = models.FloatField()
    births = models.IntegerField()
    value = models.FloatField()
    threshold = models.FloatField()
    ended = models.DateField(null=True)
    promise = models.TextField()
    sentence = models.TextField()


class QualityFlag(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE)
    site_code = models.CharField(max_length=100)
    indicator_key = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=50)
    first_day = models.DateField()
    last_day = models.DateField()
    sentence = models.TextField()
