"""Addresses of reported events."""

from django.urls import path

from tocsin.web.fhir import views

app_name = "fhir"
urlpatterns = [
    path("events/", views.events, name="events"),
    path("events/<uuid:number>/", views.event, name="event"),
]
