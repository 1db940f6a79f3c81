"""The moderators' screens: one file a screen, thin over the verbs beside this package."""

from comments.admin import guest, policy, queue, sanction, term

__all__ = ["guest", "policy", "queue", "sanction", "term"]
