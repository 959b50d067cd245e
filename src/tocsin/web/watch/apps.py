from django.apps import AppConfig


class WatchConfig(AppConfig):
    name = "tocsin.web.watch"
    label = "web_watch"
