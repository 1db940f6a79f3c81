from django.db import models


class Status(models.TextChoices):
    PENDING = "pending", "Waiting"
    PUBLISHED = "published", "Published"
    REJECTED = "rejected", "Rejected"
    SPAM = "spam", "Spam"
    DELETED = "deleted", "Deleted by its author"


#: What a moderator can decide; a comment's author alone deletes it.
DECIDABLE = (Status.PUBLISHED, Status.REJECTED, Status.SPAM)
#: What a moderator has turned away.
TURNED_AWAY = (Status.REJECTED, Status.SPAM)
