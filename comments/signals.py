"""Sent after the transaction that caused it has been committed."""

from django.dispatch import Signal

#: Sent with `comment=`: it has come, or its status has changed.
comment_changed = Signal()
