"""Addresses of the room where care is judged."""

from django.urls import path

from tocsin.web.review import view_family, view_grading, view_sample, view_standards, view_table, views

app_name = "review"
urlpatterns = [
    path("review/", views.overview, name="overview"),
    path("review/panels/new/", views.new_panel, name="new-panel"),
    path("review/panels/<int:number>/", views.panel, name="panel"),
    path("review/panels/<int:number>/declare/", views.declare, name="declare"),
    path("review/panels/<int:number>/do/<slug:slug>/", views.panel_do, name="panel-do"),
    path("review/panels/<int:number>/table/", view_table.table, name="table"),
    path("review/panels/<int:number>/table.csv", view_table.table_csv, name="table-csv"),
    path("review/panels/<int:number>/table.pdf", view_table.table_pdf, name="table-pdf"),
    path("review/panels/<int:number>/figures/", view_table.figures_page, name="figures"),
    path("review/panels/<int:number>/providers.svg", view_table.providers_svg, name="providers"),
    path("review/panels/<int:number>/sample/", view_sample.sample, name="sample"),
    path("review/panels/<int:number>/sample.csv", view_sample.sample_csv, name="sample-csv"),
    path("review/imports/<uuid:number>/", views.import_page, name="import"),
    path("review/imports/<uuid:number>/aside.csv", views.import_aside, name="import-aside"),
    path("review/cases/<int:number>/", views.case, name="case"),
    path("review/cases/<int:number>/do/<slug:slug>/", views.case_do, name="case-do"),
    path("review/cases/<int:number>/facts/", views.facts, name="facts"),
    path("review/cases/<int:number>/whose/", views.identity, name="identity"),
    path("review/cases/<int:number>/documents/<int:attachment>/", views.document, name="document"),
    path("review/cases/<int:number>/grade/", view_grading.grade, name="grade"),
    path("review/cases/<int:number>/grade/save/", view_grading.save, name="save"),
    path("review/cases/<int:number>/talk/", view_grading.talk, name="talk"),
    path("review/standards/", view_standards.browse, name="standards"),
    path("review/standards/propose/", view_standards.propose, name="standards-propose"),
    path("review/standards/import/", view_standards.take_in, name="standards-import"),
    path("review/standards/waiting/", view_standards.waiting, name="standards-waiting"),
    path("review/standards/of/<str:key>/", view_standards.standard, name="standard"),
    path("review/published/<slug:name>/", view_table.published_table, name="published"),
    path("review/published/<slug:name>.csv", view_table.published_csv, name="published-csv"),
    path("review/published/<slug:name>.pdf", view_table.published_pdf, name="published-pdf"),
    path("answered/", view_family.answered, name="answered"),
    path("answered/leave/", view_family.leave, name="leave"),
]
