"""Pages are kept as they were sent, and are sent again for as long as they are true: see docs/decisions/0021-page-cache.md.

touched     which table shows on which pages
counters    how often each key has been touched, as every process sees it: the truth that kept pages are held against
schedule    when pages change by themselves
key         which requests ask for the same page
restored    after a database was restored, no number comes up again
kept        pages in memory, bounded
shared      pages that the processes of a server make for each other
wrapper     the WSGI application around Django's, which answers from what is kept
"""
