from django.urls import path

from comments import views

urlpatterns = [
    path("post/<int:article>/", views.post, name="comment_post"),
    path("received/<str:token>/", views.received, name="comment_received"),
    path("on/<int:article>/", views.thread, name="comment_thread"),
]
