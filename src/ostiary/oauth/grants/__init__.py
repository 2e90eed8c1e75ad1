"""Grants of the token endpoint, one module each; `ostiary.oauth.registry` lists them."""
