from django.urls import path

from comments.feeds import feed_urls
from comments.mail_views import mail_urls
from comments.views import moderating, own, posting, reacting, reading

urlpatterns = [
    path("post/<int:article>/", posting.post, name="comment_post"),
    path("reply/<int:pk>/", posting.reply, name="comment_reply"),
    path("received/<str:token>/", posting.received, name="comment_received"),
    path("on/<number:article>/", reading.thread, name="comment_thread"),
    path("replies/<number:root>/", reading.replies, name="comment_replies"),
    path("<number:pk>/", reading.permalink, name="comment"),
    path("like/<int:pk>/", reacting.like, name="comment_like"),
    path("report/<int:pk>/", reacting.report, name="comment_report"),
    path("moderate/", moderating.in_place, name="comment_in_place"),
    path("moderate/<int:article>/", moderating.story, name="comment_moderate_story"),
    path("yours/", own.own, name="comment_own"),
    path("yours/mail/", own.settings_of_mail, name="comment_mail_settings"),
    path("yours/leave/", own.leave, name="comment_leave"),
    path("waiting/<int:article>/", own.waiting, name="comment_waiting"),
    path("edit/<int:pk>/", own.change, name="comment_edit"),
    path("delete/<int:pk>/", own.delete, name="comment_delete"),
    path("confirm/", own.ask_for_link, name="comment_ask_for_link"),
    path("confirm/<str:token>/", own.confirm, name="comment_confirm"),
    *feed_urls,
    *mail_urls,
]
