"""What people do about their own account, once they are signed in: load, decide, commit."""
