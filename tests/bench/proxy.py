"""What the proxy costs between a browser and a device: TLS on both sides, beside haproxy, nginx and stunnel, and directly.

The device is nginx with one worker and a self-signed P-256 certificate. haproxy, nginx and stunnel stand before it as
reverse proxies that end TLS and begin it anew towards the device, with its certificate as the one they trust: the work
that hearth-proxy does, but for CONNECT, the look at the view, the verdict, and the writing of each head."""
import os
import resource
import subprocess
import time

import common
import house
import peers
from common import Missing, Table

DEVICE, NAME = "fd68:6561:7274::20", f"camera.{house.ZONE}"
PACKAGES = ("haproxy", "nginx-light", "stunnel4", "openssl")
SMALL, BIG_MIB, IDLE = 1024, 256, 1000


def add_address():
    """A published address is none of loopback's."""
    subprocess.run([common.find_program("ip"), "-6", "address", "add", f"{DEVICE}/64", "dev", "lo", "nodad"], check=False,
                   stderr=subprocess.DEVNULL)


def make_certificate(bench, name):
    """key.pem and certificate.pem together, P-256."""
    key, certificate, both = (bench.path("proxy", f"{name}.{kind}") for kind in ("key", "crt", "pem"))
    common.run([common.find_program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", key, "-out", certificate, "-days", "30", "-subj", f"/CN={NAME}",
                "-addext", f"subjectAltName=DNS:{NAME}"])
    with open(both, "w", encoding="ascii") as file:
        for path in (certificate, key):
            with open(path, encoding="ascii") as part:
                file.write(part.read())
    return key, certificate, both


NGINX = """daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.log; user root;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/{name}.body; proxy_temp_path {folder}/{name}.proxy;
  fastcgi_temp_path {folder}/{name}.f; uwsgi_temp_path {folder}/{name}.u; scgi_temp_path {folder}/{name}.s;
  {more}
  server {{ listen {listen} ssl reuseport; ssl_certificate {crt}; ssl_certificate_key {key}; ssl_session_tickets on; {server} }}
}}
"""


def start_nginx(bench, name, listen, key, certificate, server, more=""):
    folder = bench.folder("proxy")
    path = peers.write(bench.path("proxy", f"{name}.conf"), NGINX.format(
        folder=folder, name=name, listen=listen, key=key, crt=certificate, server=server, more=more))
    return common.start([common.find_program("nginx"), "-c", path, "-e", f"{folder}/{name}.log"], bench.path("log", name))


class Proxy:
    """One way to the device."""

    def __init__(self, title, process, port=None, connect=None):
        self.title, self.process = title, process
        self.where = ["::1", str(port)] if port else [DEVICE, "443"]
        self.connect = ["127.0.0.1", str(connect)] if connect else []
        self.new, self.warm, self.bulk, self.memory, self.idle = [], [], [], [], []

    def load(self, bench, mode, path, count, threads):
        said = common.run([bench.program("bench_proxy_load"), mode, *self.where, NAME, path, str(count), str(threads),
                           *self.connect])
        return float(said)

    def wait(self, bench):
        common.wait_until(lambda: subprocess.run(
            [bench.program("bench_proxy_load"), "new", *self.where, NAME, "/small", "1", "1", *self.connect],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0, f"{self.title} serves")

    def measure(self, bench):
        self.new.append(self.load(bench, "new", "/small", 100 * bench.seconds, 4))
        self.warm.append(self.load(bench, "warm", "/small", 1000 * bench.seconds, 1))
        self.bulk.append(self.load(bench, "bulk", "/big", bench.seconds, 1))

    def hold(self, bench):
        """PSS with nobody, and with IDLE tunnels that have carried one request."""
        if not self.process:
            return
        self.memory.append(sum(common.memory_kib(pid)[0] for pid in common.family(self.process.pid)))
        client = subprocess.Popen([bench.program("bench_proxy_load"), "idle", *self.where, NAME, "/small", str(IDLE), "1",
                                   *self.connect], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        common.STARTED.append(client)
        client.stdout.readline()
        self.idle.append(sum(common.memory_kib(pid)[0] for pid in common.family(self.process.pid)))
        client.stdin.close()
        client.wait()


def start_device(bench):
    key, certificate, _ = make_certificate(bench, "device")
    root = bench.folder("proxy", "root")
    with open(os.path.join(root, "small"), "wb") as file:
        file.write(b"x" * SMALL)
    with open(os.path.join(root, "big"), "wb") as file:
        file.truncate(BIG_MIB << 20)
    device = start_nginx(bench, "device", f"[{DEVICE}]:443", key, certificate, f"root {root};", "sendfile on;")
    return device, certificate


def start_hearth(bench):
    home = house.House(bench, bench.folder("proxy", "house"))
    home.start()
    home.hearth("--yes", "init", house.LABEL, "--recovery-out", bench.path("proxy", "recovery"))
    home.hearth("--yes", "adopt", "camera", DEVICE)
    port = house.free_port()
    process = common.start([bench.program("hearth-proxy"), "-d", home.folder, "--listen", f"127.0.0.1@{port}"],
                           bench.path("log", "hearth-proxy"))
    return home, Proxy("hearth-proxy", process, connect=port)


def start_haproxy(bench, both, trusted):
    port = house.free_port()
    path = peers.write(bench.path("proxy", "haproxy.conf"), f"""global
  maxconn 4000
defaults
  mode http
  timeout connect 10s
  timeout client 300s
  timeout server 300s
frontend front
  bind ::1:{port} ssl crt {both} alpn http/1.1
  default_backend back
backend back
  server device [{DEVICE}]:443 ssl verify required ca-file {trusted} sni str({NAME})
""")
    return Proxy("haproxy", common.start([common.find_program("haproxy"), "-db", "-f", path], bench.path("log", "haproxy")), port)


def start_nginx_proxy(bench, key, certificate, trusted):
    port = house.free_port()
    server = (f"location / {{ proxy_pass https://back; proxy_ssl_verify on; proxy_ssl_trusted_certificate {trusted}; "
              f"proxy_ssl_name {NAME}; proxy_ssl_server_name on; proxy_http_version 1.1; proxy_set_header Connection ''; "
              "proxy_buffering on; proxy_max_temp_file_size 0; }")
    more = f"upstream back {{ server [{DEVICE}]:443; keepalive 16; }}"
    return Proxy("nginx", start_nginx(bench, "front", f"[::1]:{port}", key, certificate, server, more), port)


def start_stunnel(bench, both, trusted):
    ends, begins = house.free_port(), house.free_port()
    path = peers.write(bench.path("proxy", "stunnel.conf"), f"""foreground = yes
pid =
debug = 3
[front]
accept = ::1:{ends}
cert = {both}
connect = ::1:{begins}
[back]
client = yes
accept = ::1:{begins}
connect = {DEVICE}:443
CAfile = {trusted}
verifyChain = yes
checkHost = {NAME}
sni = {NAME}
""")
    return Proxy("stunnel", common.start([common.find_program("stunnel4"), path], bench.path("log", "stunnel")), ends)


def start_peers(bench, trusted):
    key, certificate, both = make_certificate(bench, "front")
    found = []
    for begin in (lambda: start_haproxy(bench, both, trusted), lambda: start_nginx_proxy(bench, key, certificate, trusted),
                  lambda: start_stunnel(bench, both, trusted)):
        try:
            found.append(begin())
        except Missing as missing:
            common.say(f"left out: {missing}")
    return found


def bench_proxy(bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384) if hard != resource.RLIM_INFINITY else 16384, hard))
    add_address()
    device, trusted = start_device(bench)
    direct = Proxy("directly", None)
    direct.wait(bench)
    home, hearth = start_hearth(bench)
    ways = [direct, hearth, *start_peers(bench, trusted)]
    for way in ways:
        way.wait(bench)
    for _ in range(bench.rounds):
        for way in ways:
            way.measure(bench)
    for way in ways:
        way.hold(bench)
    for way in ways[1:]:
        common.stop(way.process)
    home.stop()
    common.stop(device)
    time.sleep(0.2)
    table = Table("The proxy, TLS to TLS",
                  f"Client, proxy and device (nginx, one worker) on the same cores. New: connection, full handshake, GET of "
                  f"{SMALL:,} octets, four at a time. Warm: one GET after the other over one connection. Bulk: {BIG_MIB} MiB over "
                  f"one connection. PSS: with nobody, and with {IDLE:,} idle tunnels that have carried a request each.",
                  "way", "new a second", "by direct", "warm, µs", "added, µs", "bulk, MiB/s", "by direct", "PSS, MiB",
                  f"with {IDLE:,} tunnels")
    for way in ways:
        added = common.median(way.warm) - common.median(direct.warm)
        table.add(way.title, common.spread(way.new), common.ratio(way.new, direct.new), common.spread(way.warm, 1),
                  f"{added:.1f}", common.spread(way.bulk), common.ratio(way.bulk, direct.bulk),
                  common.spread([kib / 1024 for kib in way.memory], 1), common.spread([kib / 1024 for kib in way.idle], 1))
    return [table]
