from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "tocsin.web.ui"
    label = "ui"
