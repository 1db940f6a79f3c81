"""What readers have typed elsewhere to have it run: one list, for every place that text goes in or comes out."""

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<a href='javascript:alert(1)'>x</a>",
    "javascript:alert(1)",
    'http://example.org/"onmouseover="alert(1)',
    "http://example.org/<script>alert(1)</script>",
    "http://example.org/?a=1&b=2'><svg/onload=alert(1)>",
    "https://example.org/'><script>alert(1)</script>",
    "https://example.org/%22%3E%3Cscript%3E",
    'mail@example.org"onclick="x',
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "</summary></entry><script>alert(1)</script>",
    "{{ 7|add:7 }}{% debug %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e\u2066gnirts",
    "> <iframe src=//evil.example></iframe>",
    "> <iframe srcdoc='<script>alert(1)</script>'></iframe>",
]
