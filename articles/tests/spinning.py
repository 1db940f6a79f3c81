"""A program that never answers: for the test of what ends it."""

from itertools import count

from articles import apart

if __name__ == "__main__":
    apart.answer(lambda content: all(count(1)))
