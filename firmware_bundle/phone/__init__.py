"""The page that runs a bundle in a phone's browser: assembled, signed, served at a desk.

`firmware_bundle/web/` holds its sources; what is made of them lies in a bundle as `phone/`, a
folder to be served, and as `phone.html`, the same page in one file.
"""
