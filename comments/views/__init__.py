"""Where readers send comments to, and where they read more of them. Pages that know the reader are never cached."""
