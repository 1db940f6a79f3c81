from comments.models.comment import Comment, Revision
from comments.models.commenter import Commenter
from comments.models.decision import Actor, Batch, Decision, Reason, in_force
from comments.models.flag import Flag, Like
from comments.models.policy import Mode, Policy, Rules
from comments.models.sanction import GuestNote, Sanction
from comments.models.status import Status
from comments.models.term import Term, WordCount

__all__ = [
    "Actor", "Batch", "Comment", "Commenter", "Decision", "Flag", "GuestNote", "Like", "Mode", "Policy", "Reason",
    "Revision", "Rules", "Sanction", "Status", "Term", "WordCount", "in_force",
]  # fmt: skip
