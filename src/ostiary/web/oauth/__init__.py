"""The protocol endpoints."""
