"""The HTTP edge: parses requests, calls what decides, renders answers."""
