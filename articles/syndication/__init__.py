"""How what can be followed is written down: RSS, Atom and JSON Feed. Which stories it has, articles.feeds says."""
