from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"
    verbose_name = "Comments"

    def ready(self) -> None:
        from comments import classifier
        from comments.checks.lookalike import listen
        from comments.signals import comment_decided

        listen()
        comment_decided.connect(classifier.on_decision, dispatch_uid="comments.classifier")
