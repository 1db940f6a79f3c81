"""XML for other machines: well-formed whatever a headline holds."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

# Allowed in a Python string, and nowhere in XML (1.0, 2.2).
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def legal(text: str) -> str:
    """The text without the characters that XML has no way to write. Escaping it is another matter."""
    return NOT_XML.sub("", text)


class Part:
    """Writes what stands in a document: elements with text through `add`, elements with others inside through `within`."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        self._xml = XMLGenerator(self._out, "utf-8", short_empty_elements=True)

    def add(self, name: str, text: str = "", **attributes: str) -> None:
        with self.within(name, attributes):
            self._xml.characters(legal(text))

    @contextmanager
    def within(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        self._xml.startElement(name, AttributesImpl({key: legal(value) for key, value in (attributes or {}).items()}))
        yield
        self._xml.endElement(name)
        self._out.write("\n")

    def insert(self, parts: Iterable[str]) -> None:
        """What has been written before, each by a Part of its own."""
        self._xml.ignorableWhitespace("")  # the tag that is open is written first
        self._out.writelines(parts)

    def __str__(self) -> str:
        return self._out.getvalue()


class Document(Part):
    """Writes one document."""

    def __init__(self, *, stylesheet: str = "") -> None:
        super().__init__()
        self._xml.startDocument()
        if stylesheet:
            self._xml.processingInstruction("xml-stylesheet", f'type="text/css" href="{stylesheet}"')
            self._out.write("\n")
