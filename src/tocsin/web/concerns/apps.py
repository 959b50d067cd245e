from django.apps import AppConfig


class ConcernsConfig(AppConfig):
    name = "tocsin.web.concerns"
    label = "web_concerns"
