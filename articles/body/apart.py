"""The program that `heavy` starts."""

from articles import apart
from articles.body.sanitise import stored_form

if __name__ == "__main__":
    apart.answer(lambda html: stored_form(html.decode()).encode())
