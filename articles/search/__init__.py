"""Search: one face, and a file for each database that can answer (decision 14).

`find()` gives readers a page of public stories, ranked or newest first; `newest()` the stories of a query for a feed;
`among()` narrows any list of stories at the desk, `among_pictures()` any of pictures. `index()` keeps what search knows of a story
true, and `renamed()` what it knows of the stories of a tag or contributor (articles.search.entries); pictures see to themselves
(articles.search.library).
"""

from articles.search.entries import index, renamed
from articles.search.face import Found, Result, Scope, Sort, among, among_pictures, find, newest
from articles.search.query import Query, parse

__all__ = [
    "Found",
    "Query",
    "Result",
    "Scope",
    "Sort",
    "among",
    "among_pictures",
    "find",
    "index",
    "newest",
    "parse",
    "renamed",
]
