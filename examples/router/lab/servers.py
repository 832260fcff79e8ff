"""The servers of the lab, as Debian ships them: configured, started, and waited for.

Everything they read and write lies in the lab's folder; the accounts that sshd knows exist only in
the server's own mount namespace. Keys and certificates are made for each recording and dropped.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from examples.router.lab.benign import FILES
from examples.router.lab.hosts import wait_until

if TYPE_CHECKING:
    from examples.router.lab.hosts import Host
    from examples.router.lab.plan import Network

SERVERS = ("nginx", "sshd", "ssh-keygen", "dnsmasq", "mosquitto", "mosquitto_passwd", "iperf3")
CLIENTS = ("curl", "ssh", "sshpass", "dig", "mosquitto_pub", "mosquitto_sub", "ping", "nmap")
TOOLS = (*SERVERS, *CLIENTS, "openssl", "nft", "ss")
PASSWORD = "right-horse"
TUNNEL_PORT = 5353
SECONDS = "60"

NGINX = """
user root; worker_processes 1; daemon off; pid /run/nginx.pid; error_log /run/lab/nginx.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_max_body_size 20m; client_body_temp_path /run/body;
  proxy_temp_path /run/proxy; fastcgi_temp_path /run/fastcgi; uwsgi_temp_path /run/uwsgi;
  scgi_temp_path /run/scgi; keepalive_requests {keepalive};
  server {{
    listen {http}; listen [::]:{http}; listen {https} ssl; listen [::]:{https} ssl;
    ssl_certificate /run/lab/tls.pem; ssl_certificate_key /run/lab/tls_key.pem;
    root /run/lab/www;
    location /private/ {{ auth_basic "private"; auth_basic_user_file /run/lab/htpasswd; }}
    location /upload {{ proxy_pass http://127.0.0.1:8099/; }}
  }}
  server {{ listen 127.0.0.1:8099; location / {{ return 200 "thank you\\n"; }} }}
}}
"""
SSHD = """
Port {ssh}
ListenAddress 0.0.0.0
ListenAddress ::
HostKey /run/lab/host_key
AuthorizedKeysFile /run/lab/user_key.pub
StrictModes no
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
MaxAuthTries 6
MaxStartups 100:30:200
PidFile /run/sshd.pid
PrintMotd no
PrintLastLog no
UseDNS no
"""
MOSQUITTO = """
listener {mqtt} {any}
allow_anonymous false
password_file /run/lab/mqtt_passwords
user root
"""


def prepare(folder: Path, seed: int) -> None:
    """Fill the lab's folder: pages, keys, certificate, password files."""
    rng = Random(seed)
    pages = folder / "www" / "f"
    pages.mkdir(parents=True)
    for size in FILES:
        half = size // 2
        text = b"The quick brown fox jumps over the lazy dog. " * (half // 45 + 1)
        (pages / str(size)).write_bytes(rng.randbytes(size - half) + text[:half])
    (folder / "www" / "private").mkdir()
    call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host_key"))
    call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "user_key"))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-x509")
    files = ("-keyout", str(folder / "tls_key.pem"), "-out", str(folder / "tls.pem"))
    call("openssl", "req", *curve, *files, "-subj", "/CN=lab.example", "-days", "2")
    (folder / "htpasswd").write_text(f"admin:{call('openssl', 'passwd', '-apr1', PASSWORD)}")
    (folder / "mqtt_passwords").write_text(f"sensor:{PASSWORD}\n")
    call("mosquitto_passwd", "-U", str(folder / "mqtt_passwords"))
    account = "guest:x:2000:2000:guest:/run:/bin/sh\n"
    (folder / "passwd").write_text(Path("/etc/passwd").read_text() + account)
    hashed = call("openssl", "passwd", "-6", PASSWORD).strip()
    known = {"root": "*", "sshd": "!", "guest": hashed}
    lines = [f"{name}:{password}:19000::::::\n" for name, password in known.items()]
    (folder / "shadow").write_text("".join(lines))


def call(*argv: str) -> str:
    """Run a command that needs no namespace; return what it prints."""
    return subprocess.run(
        argv, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20
    ).stdout


def start(server: Host, network: Network, folder: Path, seed: int) -> None:
    """Start every server and wait until each listens."""
    ports = network.ports
    keepalive = Random(seed).choice((1, 5, 100, 1000))
    everywhere = "::" if network.family == 6 else "0.0.0.0"
    mosquitto = MOSQUITTO.format(any=everywhere, **ports)
    (folder / "nginx.conf").write_text(NGINX.format(keepalive=keepalive, **ports))
    (folder / "sshd.conf").write_text(SSHD.format(**ports))
    (folder / "mosquitto.conf").write_text(mosquitto)
    for name in ("passwd", "shadow"):
        server.run("mount", "--bind", f"/run/lab/{name}", f"/etc/{name}")
    if network.drops_closed:
        server.run("nft", "-f", "-", text=silence(network))
    log = folder / "servers.log"
    server.start("nginx", "-c", "/run/lab/nginx.conf", "-e", "/run/lab/nginx.log", log=log)
    server.start("/usr/sbin/sshd", "-D", "-e", "-f", "/run/lab/sshd.conf", log=log)
    server.start("mosquitto", "-c", "/run/lab/mosquitto.conf", log=log)
    server.start("iperf3", "-s", "-p", str(ports["iperf"]), log=log)
    server.start("dnsmasq", *names(network, seed), log=log)
    mine = [word for one in network.servers for word in ("--to", one)]
    module = ("python3", "-m")
    bounds = ("--seconds", SECONDS)
    server.start(
        *(*module, "examples.router.lab.call", *mine, "--port", str(ports["call"]), *bounds),
        log=log,
    )
    local = "::1" if network.family == 6 else "127.0.0.1"
    tunnel = ("serve", "--to", local, "--port", str(TUNNEL_PORT), "--count", "5000")
    server.start(*module, "examples.router.lab.tunnel", *tunnel, *bounds, log=log)
    wanted = [ports[name] for name in ("http", "https", "ssh", "mqtt", "iperf", "call", "dns")]
    wait_until(lambda: set(wanted) <= listening(server), "the lab's servers", 15.0)


def silence(network: Network) -> str:
    """A server's own firewall: what no program listens for is dropped without a word."""
    ports = ", ".join(str(port) for port in sorted(set(network.ports.values())))
    return f"""
    table inet own {{
      chain input {{
        type filter hook input priority 0; policy drop;
        iif lo accept
        meta l4proto {{ icmp, ipv6-icmp }} accept
        ct state established accept
        tcp dport {{ {ports} }} accept
        udp dport {{ {ports} }} accept
      }}
    }}
    """


def names(network: Network, seed: int) -> list[str]:
    """dnsmasq's options: forty hosts, mail, text, and the tunnel's domain sent to its server."""
    rng = Random(seed)
    local = f"::1#{TUNNEL_PORT}" if network.family == 6 else f"127.0.0.1#{TUNNEL_PORT}"
    options = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null"]
    options += ["--user=root", "--pid-file=", f"--server=/t.lab.example/{local}"]
    options += ["--local=/lab.example/", "--dns-forward-max=1000", "--log-facility=-"]
    for number in range(40):
        host = rng.choice(network.servers)
        options.append(f"--host-record=host{number}.lab.example,{host}")
        options.append(f"--txt-record=host{number}.lab.example,{'v=spf1 ' * rng.randint(1, 20)}")
    return [*options, "--mx-host=lab.example,host1.lab.example,10"]


def listening(host: Host) -> set[int]:
    """Ports on which the host listens, TCP and UDP."""
    lines = host.run("ss", "-Hlntu").stdout.splitlines()
    return {int(line.split()[4].rpartition(":")[2]) for line in lines}
