"""What other apps may hear about: sent after the transaction that caused it has been committed."""

from django.dispatch import Signal

#: Sent with `article=`: something that readers can see of it may have changed.
article_changed = Signal()
