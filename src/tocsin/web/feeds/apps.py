from django.apps import AppConfig


class FeedsConfig(AppConfig):
    name = "tocsin.web.feeds"
    label = "web_feeds"
