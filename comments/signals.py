"""Sent after the transaction that caused it has been committed; the others, of readers' data, as it happens."""

from django.dispatch import Signal

#: Sent with `comment=`: something that readers can see of it may have changed, or it has come. For apps of your own, as
#: articles.signals has it.
comment_changed = Signal()

#: Sent with `comment=` and `decision=`: its status has changed.
comment_decided = Signal()

#: Sent with `guest=`, the number of one: what is known of a reader has been handed out.
guest_exported = Signal()

#: Sent with `guest=`: it has been taken out.
guest_erased = Signal()

#: What has been kept of readers for long enough has been forgotten, all of it.
forgotten_in_time = Signal()
