"""An address is confirmed: what was sent from the same browser under it counts as its owner's from now on."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from articles.caching import editions
from comments import checks, thread
from comments.checks import Submission
from comments.decide import DecisionRefused, awaits_a_person, decide, tell
from comments.identity import Reader
from comments.models import Comment, Commenter, Policy, Sanction, Status
from comments.post import key_of, status_by

#: As many of the comments that wait are looked at again.
AT_MOST = 20


def confirm_address(commenter: Commenter, reader: Reader) -> Reader:
    """The reader, proved to be this guest. Comments of other browsers under the same address stay unproved."""
    commenter.verify()
    sent = Comment.objects.filter(commenter=commenter, browser=reader.browser, is_proved=False)
    for comment in sent.select_related("article", "commenter").order_by("-pk")[:AT_MOST]:
        _prove(comment)
    return replace(reader, commenter=commenter)


def _prove(comment: Comment) -> None:
    comment.is_proved = True
    submission = Submission(
        rules=Policy.objects.rules_for(comment.article),
        sanctions=list(Sanction.objects.against(proved=comment.commenter, network=comment.network)),
        proved=comment.commenter,
        is_edit=True,
    )
    findings = checks.run_again(comment, submission)
    with transaction.atomic():
        thread.lock(comment)
        # Of who is erased meanwhile no comment has a browser any more.
        seen = {"revision": comment.revision, "status": comment.status, "browser": comment.browser}
        as_seen = Comment.objects.filter(pk=comment.pk, is_proved=False, **seen)
        said = [finding.as_json() for finding in findings]
        with editions.touching():
            key = _key_of(comment)
            if not as_seen.update(is_proved=True, findings=said, score=comment.score, idempotency_key=key):
                return
        comment.findings = said
        tell(comment)
        is_clear = comment.status == Status.PENDING and status_by(findings) == Status.PUBLISHED
        if is_clear and not awaits_a_person(comment):
            try:
                decide(comment, Status.PUBLISHED, by=None, note="The address was confirmed.")
            except DecisionRefused:  # a moderator was quicker, which is as good
                return


def _key_of(comment: Comment) -> str | None:
    """By which the same press is known now that it is the guest's; as before, where the guest has said the same already."""
    key = key_of(comment)
    is_taken = Comment.objects.filter(idempotency_key=key).exists()
    return comment.idempotency_key if is_taken or comment.idempotency_key is None else key
