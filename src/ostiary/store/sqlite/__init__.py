"""SQLite: reads on the event loop's thread, one writer thread, many steps for one fsync."""
