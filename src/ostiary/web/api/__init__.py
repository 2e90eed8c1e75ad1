"""The management API, below `/api/v1` of the issuer.

Every operation is a row of a table (`ostiary.web.api.route`), in a module of its own for
each resource. Routing, the reading of bodies, the OpenAPI document, the pages of
documentation and the tests of what each role may do all come from these rows.
"""
