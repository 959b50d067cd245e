"""Addresses of the accord's pages."""

from django.urls import path

from tocsin.web.accord import views

app_name = "accord"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("ladder.svg", views.picture, name="picture"),
    path("text/", views.text, name="text"),
    path("replay/<str:name>/", views.history, name="history"),
]
