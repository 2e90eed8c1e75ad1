"""Addresses that decisions of the protocol lead to, below the issuer."""

DEVICE = "/device"
DEVICE_DONE = "/device/done"

TRACES = "/console/traces/"
"""Where failures are explained to administrators; the trace id follows."""
