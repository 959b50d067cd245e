from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "tocsin.web.review"
    label = "web_review"
