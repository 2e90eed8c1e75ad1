"""Lint: the rules of the advisor over applications that are registered.

Pure, as the advisor is: what is registered and what was seen in the traffic go in, findings
come out. What they say in words is with the texts of the pages, below `lint`.
"""
