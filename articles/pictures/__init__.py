"""Pictures: what is taken in (ingest), which files it becomes (renditions, files), and how a page shows it (markup)."""
