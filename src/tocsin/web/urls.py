"""Addresses."""

from django.urls import include, path

from tocsin.web import health

urlpatterns = [
    path("health/", health.health),
    path("", include("tocsin.web.watch.urls")),
]
handler404 = "tocsin.web.watch.views.not_found"
