"""What runs beside the server, by schedule: keys change, what has expired is deleted.

One process does it all, so that no worker's event loop waits for it. Each job may run in
several processes at once without harm: keys change by compare-and-set, and deleting what
is deleted does nothing.
"""
