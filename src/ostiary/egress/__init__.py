"""The only door for outbound requests.

Addresses that others chose lead anywhere they like: each is resolved once, checked, and
connected to as checked. Redirects, proxies, compression and private networks are out;
time, size and number are bounded.
"""
