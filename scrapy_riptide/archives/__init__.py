"""Archives of the web (WARC): what is in them, and what becomes of it. Extra ``warc`` or ``spark``."""
