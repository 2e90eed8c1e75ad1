"""Pages for people: templates, languages, and what each page shows."""
