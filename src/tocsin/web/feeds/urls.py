"""Addresses of what is told."""

from django.urls import path

from tocsin.web.feeds import views

app_name = "feeds"
urlpatterns = [
    path("published/", views.published, name="published"),
    path("published/<int:number>/", views.publication, name="publication"),
    path("feeds/published.atom", views.published_atom, name="published-atom"),
    path("feeds/mine.atom", views.mine_atom, name="mine-atom"),
    path("feeds/deadlines.ics", views.deadlines, name="deadlines"),
    path("feeds/", views.subscriptions, name="subscriptions"),
    path("feeds/hear/", views.hear, name="hear"),
    path("feeds/confirm/<str:token>/", views.confirm, name="confirm"),
    path("feeds/stop/<str:token>/", views.stop, name="stop"),
    path("providers/<str:code>/board-pack/", views.board_pack, name="board-pack"),
    path("board-packs/<uuid:number>/", views.pack_page, name="pack"),
    path("board-packs/<uuid:number>/pack.pdf", views.pack_file, name="pack-file"),
    path("oversight/", views.overseers, name="oversight"),
    path("oversight/<str:what>.<str:form>", views.overseers_picture, name="oversight-picture"),
]
