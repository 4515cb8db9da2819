"""servers.py: real web servers as devices: nginx, lighttpd, node and Python's own. What the proxy lets through must mean
the same to each of them: every request that it passed on is one line of the server's log, and no line is more."""
import os
import shutil
import subprocess
import sys

from client import Client, Closed, ask
from home import address, listens, wait_until
from hostile_clients import SMUGGLED

NGINX = """
worker_processes 1; daemon off; pid {dir}/nginx.pid; error_log {dir}/nginx.err; {user}
events {{ worker_connections 256; }}
http {{
  log_format line "$request_method $request_uri"; access_log {log} line;
  client_body_temp_path {dir}/nginx-body; proxy_temp_path {dir}/nginx-proxy; fastcgi_temp_path {dir}/nginx-f;
  uwsgi_temp_path {dir}/nginx-u; scgi_temp_path {dir}/nginx-s;
  server {{ listen [{address}]:443 ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; root {root}; }}
}}
"""
LIGHTTPD = """
server.modules = ("mod_openssl", "mod_accesslog")
server.document-root = "{root}"
server.port = 443
server.bind = "[{address}]"
server.use-ipv6 = "enable"
ssl.engine = "enable"
ssl.pemfile = "{certificate}"
ssl.privkey = "{key}"
accesslog.filename = "{log}"
accesslog.format = "%r"
"""
NODE = """
const fs = require("fs"), log = fs.openSync(process.argv[2], "a");
require("https").createServer({key: fs.readFileSync(process.argv[3]), cert: fs.readFileSync(process.argv[4])}, (request, answer) => {
  fs.writeSync(log, request.method + " " + request.url + "\\n");
  request.on("data", () => {}).on("end", () => answer.end("node " + request.url));
}).listen(443, process.argv[5]);
"""
PYTHON = """
import http.server, socket, ssl, sys
log, key, certificate, address, root = sys.argv[1:]
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def log_request(self, *_):
        with open(log, "a") as out: out.write(self.command + " " + self.path + "\\n")
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
server = Server((address, 443), lambda *more: Handler(*more, directory=root))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
"""
NUMBERS = {"nginx": "2c", "lighttpd": "2d", "node": "2e", "python": "2f"}


class Server:
    def __init__(self, h, name):
        self.log, self.root = h.path(name + ".log"), h.path("www")
        identity = h.identity(name)
        os.makedirs(self.root, exist_ok=True)
        for page in ("index.html", "a", "b", "c"):
            with open(os.path.join(self.root, page), "w") as out:
                out.write(f"page {page}\n")
        at = address(NUMBERS[name])
        words = {"dir": h.dir, "log": self.log, "address": at, "root": self.root, "key": identity.key,
                 "certificate": identity.certificate, "user": "user root;" if os.getuid() == 0 else ""}
        program = h.path(name + ".conf")
        with open(program, "w") as out:
            out.write(NGINX.format(**words) if name == "nginx" else LIGHTTPD.format(**words) if name == "lighttpd"
                      else NODE if name == "node" else PYTHON)
        command = {"nginx": ["nginx", "-e", h.path("nginx.err"), "-c", program], "lighttpd": ["lighttpd", "-D", "-f", program],
                   "node": ["node", program, self.log, identity.key, identity.certificate, at],
                   "python": [sys.executable, program, self.log, identity.key, identity.certificate, at, self.root]}[name]
        self.output = open(h.path(name + ".out"), "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
                                        env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        wait_until(lambda: self.process.poll() is not None or listens((at, 443)), f"{name} listens")
        if self.process.poll() is not None:
            raise RuntimeError(f"{name} ended: {open(h.path(name + '.out')).read()}")
        h.publish(name, NUMBERS[name], identity.fingerprint)

    def lines(self):
        whole = open(self.log).read().split("\n")[:-1] if os.path.exists(self.log) else []
        return [line.removesuffix(" HTTP/1.1") for line in whole]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.output.close()


def conversation(h, host):
    """One tunnel; whatever the server makes of each request, the next answer is the next request's. The log that is due."""
    due, mark = [], "Connection: keep-alive\r\n"
    requests = [  # (head and body, line of the log)
        ("GET /a HTTP/1.1\r\nHost: {h}\r\n{m}\r\n", "GET /a"),
        ("HEAD /b HTTP/1.1\r\nHost: {h}\r\n{m}\r\n", "HEAD /b"),
        ("GET /a HTTP/1.1\r\nHost: {h}\r\nContent-Length: 29\r\n{m}\r\nGET /evil HTTP/1.1\r\nHost: x\r\n", "GET /a"),
        ("POST /b HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n{m}\r\n"
         "1f;x=\"y\"\r\nGET /evil HTTP/1.1\r\nHost: x\r\n\r\n\r\n00\r\nEvil: /evil\r\n\r\n", "POST /b"),
        ("PUT /c HTTP/1.1\r\nHost: {h}\r\nContent-Length: 0\r\n{m}\r\n", "PUT /c"),
        ("DELETE /c HTTP/1.1\r\nHost: {h}\r\n{m}\r\n", "DELETE /c"),
        ("OPTIONS /c HTTP/1.1\r\nHost: {h}\r\n{m}\r\n", "OPTIONS /c"),
        ("GET /a?x=%0d%0aGET%20/evil HTTP/1.1\r\nHost: {h}\r\n{m}\r\n", "GET /a?x=%0d%0aGET%20/evil"),
        ("GET /b HTTP/1.1\r\nHost: {h}\r\n{m}\r\n", "GET /b")]
    if host.startswith("python"):  # it does not read the body of a GET, whoever sends it
        requests = [(request, line) for request, line in requests if "Content-Length: 29" not in request]
    client = None
    for number, (request, line) in enumerate(requests):
        for _ in range(2):  # a server may end the connection after any answer
            if client is None:
                client = Client(h)
                client.connect(f"{host}:443")
                client.tls(host)
            client.send(request.format(h=host, m=mark))
            try:
                answer = client.answer(line.split(" ")[0])
                break
            except Closed:
                client.close()
                client = None
        h.check(client is not None, f"{host}: {line}: no answer")
        if client is None:
            continue
        due.append(line)
        if line.startswith("GET") and "evil" not in line and answer.status == 200:
            h.check(answer.text.strip().rstrip("\n")[-1:] == line[-1:], f"{host}: {number}: {line} was answered {answer}")
        if answer.field("connection") == "close":
            client.close()
            client = None
    if client:
        client.close()
    return due


def understood(h):
    for name in NUMBERS:
        if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") and name != "python":
            raise RuntimeError(f"{name} is not installed")
        host = f"{name}.maple.home.arpa"
        server = Server(h, name)
        try:
            due = conversation(h, host)
            for what, head in SMUGGLED:
                with Client(h) as client:
                    client.connect(f"{host}:443")
                    client.tls(host)
                    client.send(f"GET /first HTTP/1.1\r\nHost: {host}\r\n\r\n" + head.replace("camera.maple.home.arpa", host))
                    client.answer()
                    answer = client.answer()
                    h.check(answer.status in (400, 403) and client.rest() == b"", f"{name}: {what}: {answer}")
                due.append("GET /first")
            h.check(ask(h, "/c", host).status == 200, f"{name}: afterwards")
            due.append("GET /c")
            try:
                wait_until(lambda: len(server.lines()) >= len(due), f"{name}'s log", 10)
            except RuntimeError:
                pass
            h.check(server.lines() == due, f"{name} has seen {len(server.lines())}: {server.lines()[:15]}, not {len(due)}: {due[:15]}")
        finally:
            server.stop()


STORIES = [understood]
