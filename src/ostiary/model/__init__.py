"""Records and value types: frozen structs, standard library and msgspec only.

A record is one row of one table. Records never change; a change is an
`ostiary.oauth.effects.Update` that names the record it was decided on.
Times are whole seconds since the Unix epoch; lifetimes are seconds.
"""
