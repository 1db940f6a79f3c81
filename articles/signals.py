"""What other apps may hear about: sent after the transaction that caused it has been committed, and robustly. What was done stands,
whoever fails to hear of it; Django logs who did."""

from django.dispatch import Signal

#: Sent with `article=`: something that readers can see of it may have changed. For apps of your own: nobody here listens, since
#: kept pages are told by the database (newsportal.database.observed), and work is a job of the same transaction.
article_changed = Signal()
