"""What is read: counted aside, ranked, and drawn for the desk."""
