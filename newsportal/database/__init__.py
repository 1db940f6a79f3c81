"""Django's own database back ends, which tell the page cache of what is written, in the transaction that writes it."""
