"""Addresses of the hall."""

from django.conf import settings
from django.urls import path

from tocsin.web.concerns import outside, views

app_name = "concerns"
urlpatterns = [
    path("concerns/", views.overview, name="overview"),
    path("concerns/mine/", views.my_bodies, name="mine"),
    path("concerns/raise/", views.raise_one, name="raise"),
    path("concerns/<int:number>/", views.concern, name="concern"),
    path("concerns/<int:number>/do/<slug:slug>/", views.do, name="do"),
    path("concerns/<int:number>/ladder.svg", views.picture, name="picture"),
    path("concerns/<int:number>/history.zip", views.history, name="history"),
    path("concerns/<int:number>/evidence/<int:attachment>/", views.evidence, name="evidence"),
    path("record/public-key.pem", views.public_key, name="public-key"),
    path("tell-us/", outside.tell_us, name="tell-us"),
    path("told/", outside.told, name="told"),
    path("told/leave/", outside.leave, name="leave"),
]
if settings.DEMO:
    urlpatterns.append(path("demo/clock/", views.move_clock, name="move-clock"))
