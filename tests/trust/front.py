"""front.py: what stands where the PAC leads: a CONNECT proxy on loopback that answers every name with one page, under
a leaf that the CA of the test signed. It writes down which names were really asked for, through TLS that held."""
import os
import socket
import ssl
import subprocess
import threading

PAGE = b"<!doctype html><title>house</title><p>the page of the house</p>"


def openssl(*words, text=None):
    subprocess.run(["openssl", *words], check=True, input=text, encoding="utf-8", capture_output=True)


class Front:
    def __init__(self, folder):
        self.folder = folder
        self.asked = []
        self.context = None
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def certify(self, ca, name):
        """A leaf for the name under CA (a folder with ca.pem and ca.key)."""
        path = os.path.join(self.folder, "leaf")
        with open(path + ".ext", "w") as out:
            out.write(f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x",
                "-keyout", path + ".key", "-out", path + ".csr")
        openssl("x509", "-req", "-in", path + ".csr", "-CA", os.path.join(ca, "ca.pem"), "-CAkey",
                os.path.join(ca, "ca.key"), "-set_serial", "4711", "-days", "2", "-extfile", path + ".ext",
                "-out", path + ".pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path + ".pem", path + ".key")
        context.set_alpn_protocols(["http/1.1"])
        self.context = context

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            client.settimeout(30)
            head = self.head(client)
            if not head.startswith(b"CONNECT "):
                return
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with self.context.wrap_socket(client, server_side=True) as inner:
                head = self.head(inner)
                if head:
                    self.asked.append(head.split(b"\r\n")[0].decode())
                    inner.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: "
                                  + str(len(PAGE)).encode() + b"\r\n\r\n" + PAGE)
        except (OSError, ValueError):
            pass
        finally:
            client.close()

    @staticmethod
    def head(stream):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = stream.recv(65536)
            if not piece:
                return b""
            head += piece
        return head

    def close(self):
        self.socket.close()
