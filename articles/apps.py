from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"

    def ready(self) -> None:
        from articles import (
            related,
            websub,  # noqa: F401  (hears what happens to stories)
        )
        from articles.search import entries, library

        related.listen()
        entries.connect()
        library.connect()
