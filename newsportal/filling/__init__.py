"""A newspaper as large as is asked for, invented: what pages, plans and servers are measured on.

Written in bulk and not by verbs, which would take days; a test holds it to what verbs would have left behind.
"""

from newsportal.filling.newspaper import Filling

__all__ = ["Filling"]
