"""What readers ask for. Every list starts from `Article.objects.public()`, built anew for each request."""
