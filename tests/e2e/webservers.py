"""webservers.py: real web servers as devices, each set to be as forgiving as it can be: nginx, lighttpd, node, and Python's
http.server. Each listens with TLS on one address and without on another, and tells afterwards which requests it read.

    server = Node(h, "31", "32")
    server.wait(); …; server.stop()
    server.requests()      # [Seen(line, fields)], in the order of its log
"""
import collections
import http.server
import json
import os
import re
import signal
import ssl
import subprocess
import threading

from home import address, listens, wait_until

# line: the request line as the server has it. fields: [(name, value)] where it tells them all, else a dict of those
# that it tells. Of what it took for a request and could not read, `line` begins with "bad".
Seen = collections.namedtuple("Seen", "line fields")
TOLD = ("host", "transfer-encoding", "content-length", "x-tag", "x-rest")


class Server:
    """A program with a log of its own."""
    encoding = "latin-1"

    def __init__(self, h, number, plain_number):
        self.h, self.folder = h, h.path(self.name)
        self.tls, self.plain = address(number), address(plain_number)
        self.identity = h.identity(self.name)
        self.log = os.path.join(self.folder, "requests.log")
        os.makedirs(os.path.join(self.folder, "www"))
        self.said = open(os.path.join(self.folder, "said.log"), "ab")
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said,
                                        cwd=self.folder)

    def wait(self):
        wait_until(lambda: self.process.poll() is not None or (listens((self.tls, 443)) and listens((self.plain, 80))),
                   f"{self.name} listens")
        if self.process.poll() is not None:
            with open(self.said.name, errors="replace") as said:
                raise RuntimeError(f"{self.name} ended: {said.read()[-2000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.said.close()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def lines(self):
        with open(self.log, encoding=self.encoding) as log:
            return log.read().split("\n")[:-1]  # and at no other octet


class Nginx(Server):
    name = "nginx"

    def command(self):
        fields = ",".join(f'"{name}":"$http_{name.replace("-", "_")}"' for name in TOLD)
        text = f"""daemon off; master_process off; user root; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ worker_connections 512; }}
http {{
  log_format all escape=json '{{"line":"$request","fields":{{{fields}}}}}';
  access_log {self.log} all;
  client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f;
  uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  ignore_invalid_headers off; merge_slashes off; keepalive_requests 1000000; keepalive_timeout 600s;
  large_client_header_buffers 4 64k;
  server {{
    listen [{self.tls}]:443 ssl; listen [{self.plain}]:80;
    ssl_certificate {self.identity.certificate}; ssl_certificate_key {self.identity.key};
    default_type text/plain;
    location / {{ return 200 "nginx\\n"; }}
  }}
}}
"""
        return ["nginx", "-p", self.folder, "-c", self.write("nginx.conf", text)]

    def requests(self):
        for line in self.lines():
            told = json.loads(line)
            good = re.fullmatch(r"[A-Z]+ \S+ HTTP/1\.[01]", told["line"])
            yield Seen(told["line"] if good else "bad: " + line, {name: value for name, value in told["fields"].items() if value})


class Lighttpd(Server):
    name = "lighttpd"

    def command(self):
        told = "|".join("%{" + name + "}i" for name in TOLD)
        text = f"""server.modules = ("mod_accesslog", "mod_openssl")
server.document-root = "{self.folder}/www"
server.errorlog = "{self.folder}/error.log"
server.bind = "[{self.plain}]"
server.port = 80
server.max-keep-alive-requests = 1000000
server.max-keep-alive-idle = 600
server.http-parseopts = ("header-strict" => "disable", "host-strict" => "disable", "host-normalize" => "disable",
  "url-normalize" => "disable", "method-get-body" => "enable")
$SERVER["socket"] == "[{self.tls}]:443" {{
  ssl.engine = "enable"
  ssl.pemfile = "{self.identity.certificate}"
  ssl.privkey = "{self.identity.key}"
}}
accesslog.filename = "{self.log}"
accesslog.format = "%r|{told}"
"""
        return ["lighttpd", "-D", "-f", self.write("lighttpd.conf", text)]

    def requests(self):
        for line in self.lines():
            found = re.fullmatch(r"([A-Z]+ \S+ HTTP/1\.[01])" + r"\|([^|]*)" * len(TOLD), line)
            fields = {name: value for name, value in zip(TOLD, found.groups()[1:]) if value != "-"} if found else {}
            yield Seen(re.sub(r"\\([\\\"])", r"\1", found[1]) if found else "bad: " + line, fields)


NODE = """
const fs = require("fs"), [log, tls, plain, key, certificate] = process.argv.slice(2);
const out = fs.openSync(log, "a"), options = {insecureHTTPParser: true, maxHeaderSize: 65536, keepAliveTimeout: 600000,
  key: fs.readFileSync(key), cert: fs.readFileSync(certificate)};
const tell = (line, fields) => fs.writeSync(out, JSON.stringify({line, fields}) + "\\n");
function answer(request, response) {
  tell(`${request.method} ${request.url} HTTP/${request.httpVersion}`, request.rawHeaders);
  request.on("error", () => {}).on("data", () => {}).on("end", () => { response.setHeader("Content-Type", "text/plain"); response.end("node\\n"); });
}
for (const [server, port, at] of [[require("https").createServer(options, answer), 443, tls],
                                  [require("http").createServer(options, answer), 80, plain]]) {
  server.on("clientError", (why, socket) => {
    if (why.code !== "ECONNRESET") tell("bad: " + why.code + " " + (why.rawPacket || ""), []);
    socket.destroy();
  });
  server.listen(port, at);
}
process.on("SIGTERM", () => process.exit(0));
process.on("uncaughtException", why => {  // of connections that were cut
  if (!["ECONNRESET", "EPIPE", "HPE_INVALID_EOF_STATE"].includes(why.code)) tell("bad: " + why.stack, []);
});
"""


class Node(Server):
    name, encoding = "node", "utf-8"

    def command(self):
        return ["node", self.write("device.js", NODE), self.log, self.tls, self.plain, self.identity.key,
                self.identity.certificate]

    def requests(self):
        for line in self.lines():
            told = json.loads(line)
            yield Seen(told["line"], list(zip(told["fields"][::2], told["fields"][1::2])))


class Handler(http.server.BaseHTTPRequestHandler):
    """http.server, with the body read: what leaves bodies unread takes them for requests, whoever passes them on."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        self.request.settimeout(60)
        if self.server.context:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def read_body(self):
        if "transfer-encoding" in self.headers:
            while (size := int(self.rfile.readline().split(b";")[0], 16)) > 0:
                self.rfile.read(size + 2)
            while self.rfile.readline().strip():
                pass
        else:
            self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self):
        self.server.seen.append(Seen(self.requestline, self.headers.items()))
        try:
            self.read_body()
        except ValueError:  # cut off
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", "7")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"python\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = answer

    def send_error(self, code, message=None, explain=None):
        self.server.seen.append(Seen(f"bad: {code} {message} {self.raw_requestline!r}", []))
        super().send_error(code, message, explain)

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    address_family = __import__("socket").AF_INET6
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a connection that was cut off


class Python:
    name = "python"

    def __init__(self, h, number, plain_number):
        self.h, self.seen = h, []
        self.tls, self.plain = address(number), address(plain_number)
        self.identity = h.identity(self.name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.identity.certificate, self.identity.key)
        self.servers = []
        for at, port, tls in ((self.tls, 443, context), (self.plain, 80, None)):
            server = Quiet((at, port), Handler)
            server.context, server.seen = tls, self.seen
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.servers.append(server)

    def wait(self):
        pass

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def requests(self):
        yield from self.seen


ALL = [Nginx, Lighttpd, Node, Python]
