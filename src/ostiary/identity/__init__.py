"""Users and their passwords: what signing in and administration share."""
