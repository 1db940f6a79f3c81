"""Text that is hard on whoever puts it into XML."""

from __future__ import annotations

#: Headlines that have broken feeds: of others, and of ours if they could.
PAYLOADS = [
    "]]> ends what it stands in <![CDATA[",
    "<script>alert(1)</script> & sons",
    "Line\x0bbreak and \ufffe bell\x07",
    "Emoji 🦜👩‍👩‍👧‍👦 and “quotes” 'all' \"of\" them",
    "עברית וعربية، من اليمين",
    "&amp; &lt;b&gt; &nbsp; &#0; %s {{ x }}",
]
