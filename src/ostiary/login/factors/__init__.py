"""Ways in which a person proves who they are, one module each."""
