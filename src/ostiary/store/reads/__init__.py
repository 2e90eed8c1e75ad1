"""The reads of the store: one file per aggregate, each statement written by hand."""
