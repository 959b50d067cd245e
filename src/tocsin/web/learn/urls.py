"""Addresses of the room. Those of reports, items and failings are stable: others cite them."""

from django.urls import path

from tocsin.web.learn import desk_views, proposal_views, register_views, report_views, views

app_name = "learn"
urlpatterns = [
    path("learn/", views.front, name="front"),
    path("learn/heat.<str:form>", views.heat_picture, name="heat"),
    path("learn/known/", views.known, name="known"),
    path("learn/failings/", views.failings, name="failings"),
    path("learn/failings/<slug:name>/", views.failing, name="failing"),
    path("learn/failings/<slug:name>/history.<str:form>", views.failing_picture, name="failing-picture"),
    path("learn/asked/", views.asked, name="asked"),
    path("learn/asked/<path:key>/", views.asked_one, name="asked-one"),
    path("learn/reports/", report_views.reports, name="reports"),
    path("learn/reports/take-in/", report_views.upload, name="upload"),
    path("learn/reports/<slug:slug>/", report_views.report, name="report"),
    path("learn/reports/<slug:slug>/progress/", report_views.progress, name="progress"),
    path("learn/reports/<slug:slug>/file/", report_views.file, name="file"),
    path("learn/reports/<slug:slug>/beside-its-ancestors/", report_views.beside, name="beside"),
    path("learn/reports/<slug:slug>/do/<slug:what>/", report_views.do, name="report-do"),
    path("learn/reports/<slug:slug>/passages/<int:at>/", report_views.passage, name="passage"),
    path("learn/proposals/", proposal_views.proposals, name="proposals"),
    path("learn/proposals/<int:number>/", proposal_views.decide, name="decide"),
    path("learn/register/", register_views.register, name="register"),
    path("learn/register.atom", register_views.feed, name="feed"),
    path("learn/register.csv", register_views.export, {"form": "csv"}, name="csv"),
    path("learn/register.json", register_views.export, {"form": "json"}, name="json"),
    path("learn/register.jsonld", register_views.export, {"form": "jsonld"}, name="jsonld"),
    path("learn/items/<path:code>/record.jsonld", register_views.item_json, name="item-json"),
    path("learn/items/<path:code>/do/<slug:what>/", register_views.do, name="item-do"),
    path("learn/items/<path:code>/", register_views.item, name="item"),
    path("learn/desk/", desk_views.drafts, name="desk"),
    path("learn/desk/<uuid:number>/", desk_views.draft, name="draft"),
    path("learn/desk/<uuid:number>/save/", desk_views.save, name="save"),
    path("learn/desk/<uuid:number>/end/<slug:what>/", desk_views.end, name="end"),
]
