"""Addresses."""

from django.urls import include, path

from tocsin.web import health

urlpatterns = [
    path("health/", health.health),
    path("accord/", include("tocsin.web.accord.urls")),
    path("", include("tocsin.web.concerns.urls")),
    path("", include("tocsin.web.watch.urls")),
]
handler404 = "tocsin.web.watch.views.not_found"
