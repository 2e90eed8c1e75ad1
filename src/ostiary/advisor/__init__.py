"""The flow advisor: from a few answers about an application to the flow that it should use.

Rules as data, without I/O: questions, rules, flows, and what follows from them. They are the
one table behind `/advisor`, `ostiary advise`, `/api/v1/advisor` and the documentation. What
they say in words is with the texts of the pages, below `advisor`.
"""
