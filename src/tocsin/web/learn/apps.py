from django.apps import AppConfig


class LearnConfig(AppConfig):
    name = "tocsin.web.learn"
    label = "web_learn"
