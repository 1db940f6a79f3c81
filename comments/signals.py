"""Sent after the transaction that caused it has been committed."""

from django.dispatch import Signal

#: Sent with `comment=`: something that readers can see of it may have changed, or it has come.
comment_changed = Signal()

#: Sent with `comment=` and `decision=`: its status has changed.
comment_decided = Signal()
