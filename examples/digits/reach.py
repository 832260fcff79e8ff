"""Try to reach another machine; exit 0 where that fails. Shows that the network is cut."""

import socket
import sys

# An address of TEST-NET-1 (RFC 5737): it is routed where there is a network, and belongs to nobody.
ADDRESS = ("192.0.2.1", 80)

try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(ADDRESS)
except OSError as error:
    print(f"cut: {error}")
else:
    print("not cut: there is a route to another machine")
    sys.exit(1)
