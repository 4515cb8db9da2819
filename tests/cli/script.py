"""script.py: a hearthd that says what a test wants: the control socket of a House, answered from a table."""
import json
import os
import socket
import struct
import threading

HOUSEHOLD = "a" * 52


class Script:
    """`answers`: op → object, list of objects (one a call), or bytes (a whole frame as it is sent); None: silence."""

    def __init__(self, h, answers):
        self.answers = {"hello": {"household": HOUSEHOLD, "petname": "maple"}, **answers}
        os.makedirs(h.path("run"), exist_ok=True)
        self.path = h.path("run", "control.sock")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(8)
        self.held = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                control, _ = self.socket.accept()
            except OSError:
                return
            self.held.append(control)
            threading.Thread(target=self.talk, args=(control,), daemon=True).start()

    def talk(self, control):
        stream = control.makefile("rb")
        while head := stream.read(4):
            request = json.loads(stream.read(struct.unpack(">I", head)[0]))
            answer = self.answers.get(request["op"])
            if isinstance(answer, list):
                answer = answer.pop(0)
            if isinstance(answer, dict):
                payload = json.dumps({"version": 1, "ok": True, **answer}).encode()
                answer = struct.pack(">I", len(payload)) + payload
            if answer == b"":
                control.shutdown(socket.SHUT_RDWR)
                return
            if answer is not None:
                control.sendall(answer)

    def close(self):
        self.socket.close()
        for control in self.held:
            control.close()
        os.unlink(self.path)
