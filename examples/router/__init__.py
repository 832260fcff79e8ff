"""A firewall that says which traffic is malicious: offline, on the device itself."""
