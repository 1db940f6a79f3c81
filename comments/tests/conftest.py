"""Fixtures that several of these tests share."""

from comments.tests.letters import mail, sink

__all__ = ["mail", "sink"]
