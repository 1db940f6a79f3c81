from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from js_asset import static_lazy

from articles.admin.image_picker import pictures
from newsportal import bare, policy_reports, views

urlpatterns = [
    path(f"{settings.ADMIN_PATH}pictures/", pictures, name="desk_pictures"),
    path(settings.ADMIN_PATH, include("newsportal.staff.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("comments/", include("comments.urls")),
    path("pages/<slug:slug>/", views.page, name="page"),
    path("favicon.ico", RedirectView.as_view(url=static_lazy("img/favicon.svg")), name="favicon"),
    path("robots.txt", views.well_known_file, {"name": "robots"}, name="robots"),
    path("ads.txt", views.well_known_file, {"name": "ads"}, name="ads"),
    path(".well-known/security.txt", views.well_known_file, {"name": "security"}, name="security"),
    path(".well-known/trust.txt", views.well_known_file, {"name": "trust"}),
    path("trust.txt", views.well_known_file, {"name": "trust"}, name="trust"),
    path("csp-reports/", policy_reports.receive, name="csp_reports"),
    path("", include("articles.urls")),
]
if settings.SERVE_MEDIA:
    urlpatterns.insert(0, path("media/<path:path>", views.media, name="media"))

handler400 = bare.not_understood
handler403 = bare.forbidden
handler404 = views.not_found
handler500 = views.broken
