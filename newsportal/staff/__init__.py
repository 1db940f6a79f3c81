"""Who works here: how they log in, where they are logged in, and the log of what concerns accounts and readers' data."""
