"""Strangers at both ends: where a request comes from and what its text says, and what is asked of other machines and how often.

Of no app in particular: nothing here knows a model, and every app uses it.
"""
