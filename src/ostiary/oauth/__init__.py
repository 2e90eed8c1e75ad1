"""The standards, pure: no I/O, no clock, no randomness, no logging.

Each step of the protocol loads facts through a reader, decides on them, and returns
the effects that commit the decision.
"""
