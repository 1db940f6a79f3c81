from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = "Journalism"

    def ready(self) -> None:
        from articles import related, websub
        from articles.search import entries, library

        for hears_of_changes in (entries, library, related, websub):
            hears_of_changes.connect()
