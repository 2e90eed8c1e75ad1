"""The token endpoint, and what is done with tokens once they exist."""
