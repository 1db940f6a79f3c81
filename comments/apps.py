from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"

    def ready(self) -> None:
        from comments import akismet, classifier, notifications
        from comments.checks.lookalike import listen
        from comments.signals import comment_changed, comment_decided

        listen()
        comment_decided.connect(classifier.on_decision, dispatch_uid="comments.classifier")
        comment_decided.connect(notifications.on_decision, dispatch_uid="comments.notifications")
        comment_changed.connect(akismet.on_change, dispatch_uid="comments.akismet")
