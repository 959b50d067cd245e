from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tocsin.web.people"
    label = "web_people"
