from django.apps import AppConfig


class AccordConfig(AppConfig):
    name = "tocsin.web.accord"
    label = "web_accord"
