"""Mails: one TOML file each with the texts of every language, and a frame around them.

A file's tables are languages. `subject`, `text` and `after` are words; `action` is the label
of the link, in a mail that carries one; `code` says that a code can be typed instead.
"""
