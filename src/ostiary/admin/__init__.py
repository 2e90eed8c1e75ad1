"""Management operations: one file per resource; each authorizes, validates, writes.

They are plain validate-then-write over the store, and the one way in which the command
line, declarative configuration, the API and the console change anything.
"""
