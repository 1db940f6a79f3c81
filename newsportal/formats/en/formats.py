"""Django's own would have it 12:01 p.m., of which zone it does not say."""

DATETIME_FORMAT = "j M Y, H:i T"
TIME_FORMAT = "H:i"
