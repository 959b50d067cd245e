"""Addresses of people."""

from django.conf import settings
from django.urls import path

from tocsin.web.people import views

app_name = "people"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("join/", views.join, name="join"),
    path("people/", views.account, name="account"),
    path("people/sessions/", views.sessions, name="sessions"),
    path("people/bodies/", views.bodies, name="bodies"),
    path("people/bodies/<str:code>/", views.body, name="body"),
]
if settings.DEMO:
    urlpatterns += [path("demo/people/", views.demo_people, name="demo"), path("demo/people/<uuid:member>/", views.be, name="be")]
