from django.apps import AppConfig


class RecordConfig(AppConfig):
    name = "tocsin.web.record"
    label = "web_record"
