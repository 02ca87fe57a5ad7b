from django.urls import path

from playground.sharing import views

urlpatterns = [
    path("", views.gallery, name="gallery"),
    path("models/", views.models, name="models"),
    path("why/", views.why, name="why"),
    path("scenarios/mine/", views.mine, name="mine"),
    path("s/<slug:slug>/", views.shared, name="shared"),
    path("s/<slug:slug>/remix", views.remix, name="remix"),
    path("embed/<slug:slug>/", views.embed, name="embed"),
]
