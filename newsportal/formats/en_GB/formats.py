"""Django's own would have “Today” and the calendar write 01/12/2026 into a field that shows 2026-12-01."""

# The first is how dates are written, all are how they are read. The rest is in the folder of all English (en).
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y"]
