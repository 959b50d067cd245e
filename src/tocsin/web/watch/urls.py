"""Addresses of the watch's pages."""

from django.urls import path

from tocsin.web.watch import views

app_name = "watch"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("sites/", views.sites, name="sites"),
    path("sites/<str:code>/", views.site, name="site"),
    path("signals/<int:ring_id>/", views.signal, name="signal"),
    path("signals/<int:ring_id>/months.csv", views.signal_csv, name="signal-csv"),
    path("signals/<str:code>/<str:key>/", views.current, name="current"),
    path("indicators/<str:key>/", views.indicator, name="indicator"),
    path("indicators/<str:key>/funnel.<str:form>", views.funnel, name="funnel"),
    path("charts/<int:stream_id>/<str:what>.<str:form>", views.chart, name="chart"),
    path("planted/", views.planted, name="planted"),
    path("about/", views.about, name="about"),
]
