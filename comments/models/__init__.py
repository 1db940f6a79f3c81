from comments.models.comment import Comment
from comments.models.commenter import Commenter
from comments.models.decision import Decision, Reason
from comments.models.status import Status

__all__ = ["Comment", "Commenter", "Decision", "Reason", "Status"]
