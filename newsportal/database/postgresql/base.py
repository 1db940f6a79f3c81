from django.db.backends.postgresql import base

from newsportal.database.observed import Observed


class DatabaseWrapper(Observed, base.DatabaseWrapper):
    finds_table = "SELECT to_regclass(%s)"
