from django.db.backends.sqlite3 import base

from newsportal.database.observed import Observed


class DatabaseWrapper(Observed, base.DatabaseWrapper):
    finds_table = "SELECT max(name) FROM sqlite_master WHERE name = %s"
