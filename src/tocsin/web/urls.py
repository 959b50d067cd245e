"""Addresses."""

from django.urls import include, path
from django.views.generic import RedirectView

from tocsin.web import health
from tocsin.web.api.main import api
from tocsin.web.fhir.main import api as fhir_api
from tocsin.web.people.views import no_reset

urlpatterns = [
    path("health/", health.health),
    path("accord/", include("tocsin.web.accord.urls")),
    path("api/v1/fhir/", fhir_api.urls),
    path("api/v1/", api.urls),
    path("account/signup/", RedirectView.as_view(url="/join/")),
    path("account/password/reset/", no_reset),
    # an address is what an invitation was made for; nobody changes it for themselves
    path("account/email/", RedirectView.as_view(pattern_name="people:account")),
    path("account/sessions/", RedirectView.as_view(pattern_name="people:sessions")),
    path("account/", include("allauth.urls")),
    path("", include("tocsin.web.people.urls")),
    path("", include("tocsin.web.concerns.urls")),
    path("", include("tocsin.web.feeds.urls")),
    path("", include("tocsin.web.fhir.urls")),
    path("", include("tocsin.web.review.urls")),
    path("", include("tocsin.web.learn.urls")),
    path("", include("tocsin.web.watch.urls")),
]
handler404 = "tocsin.web.watch.views.not_found"
