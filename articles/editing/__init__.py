"""The editor's side beneath the screens: versions, what differs between them, and how two editors' changes become one."""
