"""PostgreSQL: each step one statement, in which a lost race is no error."""
