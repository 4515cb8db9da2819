#!/usr/bin/env python3
"""hearth_dane.py: connections to the household's devices, each judged before its first octet, by libhearth-dane.

    import hearth_dane
    camera = hearth_dane.HTTPSConnection("camera.maple.home.arpa")    # used as http.client's own
    stream = hearth_dane.Household().connect("hub.maple.home.arpa", 8883)    # a socket, for anything else

As a program it is a tunnel for clients that can't judge a device themselves: they connect without TLS to a socket of
this machine, and what they say goes on through TLS once the device has been found to be the published one.

    hearth_dane.py --listen ~/hub.sock hub.maple.home.arpa 8883      # a socket in the file system, one's own alone
    hearth_dane.py --listen 1883 hub.maple.home.arpa 8883            # 127.0.0.1, which every user can reach
    hearth_dane.py --save hub.pem hub.maple.home.arpa 8883           # its certificate, if it is the published one

A tunnel's connections are judged again every second, and end when the household withdraws or changes the key.
A device that is refused gets no octet, and its client's connection is closed. The reason is on standard error.

It needs Python 3.10, libhearth-dane.so.1 where the loader finds it, and names that resolve (libnss_hearth). The view is
that of HEARTH_VIEW, else the system's.
"""
import argparse
import asyncio
import ctypes
import http.client
import os
import socket
import ssl
import sys

MATCHED = 1
LEGACY_SERVER_CONNECT = 0x4  # OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT: devices without RFC 5746
TIMEOUT_S = 10
JUDGED_AGAIN_S = 1


class Refused(ConnectionError):
    """It is not the published device, or that could not be judged."""


class Der(ctypes.Structure):
    """struct hearth_dane_der"""
    _fields_ = [("bytes", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Result(ctypes.Structure):
    """struct hearth_dane_result"""
    _fields_ = [("verdict", ctypes.c_int), ("forgiven", ctypes.c_uint), ("wrong", ctypes.c_uint), ("soft", ctypes.c_int),
                ("presented", ctypes.c_char * 129), ("expected_count", ctypes.c_uint),
                ("expected", (ctypes.c_char * 129) * 8), ("withdrawn_by", ctypes.c_char * 129),
                ("withdrawn_ms", ctypes.c_int64), ("reason", ctypes.c_char * 256), ("reserved", ctypes.c_uint64 * 8)]


class Household:
    """The view that hearthd publishes; `view` is its file. May be used by several threads at once."""

    def __init__(self, view=None):
        self.library = ctypes.CDLL("libhearth-dane.so.1")
        self.library.hearth_dane_open.restype = ctypes.c_void_p
        self.library.hearth_dane_verify_der.argtypes = [
            ctypes.c_void_p, ctypes.POINTER(Der), ctypes.c_size_t, ctypes.c_char_p, ctypes.c_uint16,
            ctypes.POINTER(Result)]
        self.handle = self.library.hearth_dane_open(os.fsencode(view) if view else None)
        if not self.handle:
            raise MemoryError("hearth_dane_open")

    def judge(self, certificate, name, port):
        """Raises Refused unless this certificate (DER) is what the household publishes for the name and port now."""
        result = Result()
        chain = Der(certificate, len(certificate or b""))
        count = 1 if certificate else 0
        verdict = self.library.hearth_dane_verify_der(self.handle, ctypes.byref(chain), count, name.encode(), port,
                                                      ctypes.byref(result))
        if verdict != MATCHED:
            raise Refused(f"{name}:{port}: {result.reason.decode(errors='replace')}")

    def connect(self, name, port, timeout=TIMEOUT_S):
        """A TLS socket to the published device; raises Refused, or OSError."""
        bare = socket.create_connection((name, port), timeout)
        try:
            stream = context().wrap_socket(bare, server_hostname=name)
        except BaseException:
            bare.close()
            raise
        try:
            self.judge(stream.getpeercert(binary_form=True), name, port)
        except BaseException:
            stream.close()
            raise
        return stream


def context():
    """For household devices only, whose TLS may be old and proves nothing by itself: judge() does. Renegotiation is
    off: a TLS 1.2 server could otherwise change its certificate after the verdict."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    made.set_ciphers("DEFAULT:!aNULL:!eNULL:@SECLEVEL=0")
    made.options |= ssl.OP_NO_RENEGOTIATION | LEGACY_SERVER_CONNECT
    return made


class HTTPSConnection(http.client.HTTPSConnection):
    """Judges each connection that it makes, also when it connects again."""

    def __init__(self, host, port=443, household=None, timeout=TIMEOUT_S):
        super().__init__(host, port, timeout=timeout)
        self.household = household or Household()

    def connect(self):
        self.sock = self.household.connect(self.host, self.port, self.timeout)


# --- the tunnel ---


async def copy(source, sink):
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()


async def judge_again(household, certificate, name, port):
    while True:
        await asyncio.sleep(JUDGED_AGAIN_S)
        household.judge(certificate, name, port)


async def serve(household, name, port, client_in, client_out):
    """One client. It ends when either side does, or the household takes the key away."""
    device_out = None
    try:
        device_in, device_out = await asyncio.wait_for(
            asyncio.open_connection(name, port, ssl=context(), server_hostname=name), TIMEOUT_S)
        certificate = device_out.get_extra_info("ssl_object").getpeercert(binary_form=True)
        household.judge(certificate, name, port)
        tasks = [asyncio.ensure_future(work) for work in (
            copy(client_in, device_out), copy(device_in, client_out), judge_again(household, certificate, name, port))]
        done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        for task in done:
            task.result()
    except (OSError, asyncio.TimeoutError) as why:
        print(f"hearth_dane.py: {why or 'no answer in time'}", file=sys.stderr, flush=True)
    finally:
        for side in (device_out, client_out):
            if side:
                side.close()


async def listen(household, at, name, port):
    async def accept(client_in, client_out):
        await serve(household, name, port, client_in, client_out)
    if at.isdigit():
        server = await asyncio.start_server(accept, "127.0.0.1", int(at))
    else:
        before = os.umask(0o177)  # the user's alone, from the first moment
        server = await asyncio.start_unix_server(accept, at)
        os.umask(before)
    await server.serve_forever()


def main():
    words = argparse.ArgumentParser(description="A tunnel to a device of the household, which is judged first.")
    words.add_argument("name")
    words.add_argument("port", type=int)
    does = words.add_mutually_exclusive_group(required=True)
    does.add_argument("--listen", metavar="PATH|PORT", help="where clients reach it")
    does.add_argument("--save", metavar="FILE", help="only write the device's certificate as PEM")
    given = words.parse_args()
    try:
        household = Household()
        if given.listen:
            asyncio.run(listen(household, given.listen, given.name, given.port))
        with household.connect(given.name, given.port) as stream:
            pem = ssl.DER_cert_to_PEM_cert(stream.getpeercert(binary_form=True))
        with open(given.save, "w", encoding="ascii") as out:
            out.write(pem)
    except KeyboardInterrupt:
        return 0
    except OSError as why:
        print(f"hearth_dane.py: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
