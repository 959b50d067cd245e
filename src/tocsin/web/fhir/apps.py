from django.apps import AppConfig


class FhirConfig(AppConfig):
    name = "tocsin.web.fhir"
    label = "web_fhir"
