"""Search: one face, and a file for each database that can answer (decision 14).

`find()` gives readers a page of public stories, ranked or newest first; `newest()` the stories of a query for a feed;
`among()` narrows any list of the desk. `index()` keeps what search knows of a story true, and `renamed()` what it knows of
the stories of a tag or contributor (articles.search.entries).
"""

from articles.search.entries import index, renamed
from articles.search.face import Found, Result, Scope, Sort, among, find, newest
from articles.search.query import Query, parse

__all__ = ["Found", "Query", "Result", "Scope", "Sort", "among", "find", "index", "newest", "parse", "renamed"]
