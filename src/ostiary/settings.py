"""Process settings: one frozen tree from a TOML file and `OSTIARY_*` variables."""
