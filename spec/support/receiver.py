"""receiver: a raw TCP server that misbehaves as told, and keeps the exact bytes of every request.

    receiver.py [--host ADDRESS] [--cert FILE --key FILE] [--hello answer|hang|reset]

Prints one line, "PORT CONTROL": where it listens, and where it can be asked (see Control). What a request gets is chosen
by its path; each behaviour below is one function, named like the path, with its parameters in the query. With --cert it
speaks TLS. --hello says what becomes of a TLS hello that comes to a server without TLS.

One thread for each connection. Ends with its parent, or at a signal.
"""

import argparse
import gzip
import json
import os
import select
import socket
import ssl
import struct
import sys
import threading
import time
from urllib.parse import parse_qsl, urlsplit

PATIENCE = 60  # seconds that a behaviour without an end goes on

UNREAD = b" /unread"  # the body of a request for this path is left unread

REASONS = {100: "Continue", 103: "Early Hints", 200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}


class Gone(Exception):
    """The client closed the connection."""


class Ledger:
    """What was received. Every thread writes here."""

    def __init__(self):
        self.lock = threading.Lock()
        self.forget()

    def forget(self):
        with self.lock:
            self.connections = 0
            self.requests = []

    def connected(self):
        with self.lock:
            self.connections += 1
            return self.connections

    def received(self, connection, data, complete):
        with self.lock:
            self.requests.append({"connection": connection, "bytes": data.hex(), "complete": complete,
                                  "time": time.monotonic()})

    def report(self):
        with self.lock:
            return {"connections": self.connections, "requests": list(self.requests)}


class Connection:
    """One accepted connection: reads requests, and has the means to answer badly."""

    def __init__(self, sock, number, ledger):
        self.sock, self.number, self.ledger = sock, number, ledger
        self.pending = b""
        self.count = 0  # requests so far
        self.open = True

    def read(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.pending += data

    def request(self):
        """The next request's target and exact bytes. What came of an incomplete one is kept too."""
        try:
            while b"\r\n\r\n" not in self.pending:
                self.read()
            head, _, _ = self.pending.partition(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            size = len(head) + 4 + (0 if UNREAD in head else length)
            while len(self.pending) < size:
                self.read()
        except (Gone, OSError):
            if self.pending:
                self.ledger.received(self.number, self.pending, False)
            raise
        request, self.pending = self.pending[:size], self.pending[size:]
        self.count += 1
        self.ledger.received(self.number, request, True)
        return request.split(b" ", 2)[1].decode("latin-1"), request

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def drip(self, data, interval):
        """One byte each interval."""
        for byte in data:
            self.send(bytes([byte]))
            time.sleep(interval)

    def linger(self):
        """Leaves the connection open, silent, until the client closes it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if select.select([self.sock], [], [], 0.5)[0] and not self.sock.recv(65536):
                break
        self.close()

    def close(self):
        self.open = False
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def reset(self):
        """What was sent before gets a moment to arrive, since a reset may overtake it."""
        time.sleep(0.05)
        self.open = False
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def head(status, *headers, version="HTTP/1.1"):
    reason = REASONS.get(status, "Whatever")
    return "".join([f"{version} {status} {reason}\r\n", *(line + "\r\n" for line in headers), "\r\n"])


def answer(connection, status=200, body="", *headers):
    connection.send(head(status, *headers, f"Content-Length: {len(body)}") + body)


# --- behaviours: the function status_404 is the path /status-404; the rest of the path and the query are arguments ---

def status(connection, code="200", body=None, location=None, **_):
    """/status/CODE?body=TEXT&location=URL; without body there is no Content-Length for 204 and 304, else 0."""
    headers = [f"Location: {location}"] if location else []
    if body is None and int(code) in (204, 304):
        connection.send(head(int(code), *headers))
    else:
        answer(connection, int(code), body or "", *headers)


def echo(connection, request=b"", **_):
    """Sends the request back: its Authorization and every X- header in the head, all of it in the body."""
    lines = request.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    echoed = ["X-Echo-" + line for line in lines if line.lower().startswith(("authorization:", "x-"))]
    answer(connection, 200, request.decode("latin-1"), "Content-Type: text/plain", *echoed)


def quote(connection, request=b"", header="authorization", before="0", keep=None, **_):
    """Sends a header's value as a server sees it, without scheme and blanks, behind `before` bytes and before 100 more.

    With `keep` the end comes after so many bytes of the value, and before the length that was promised.
    """
    lines = request.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    value = next(line for line in lines if line.lower().startswith(header + ":")).split(":", 1)[1].split()[-1]
    data = "x" * int(before) + value + "y" * 100
    if keep is None:
        answer(connection, 200, data)
    else:
        connection.send(head(200, f"Content-Length: {len(data)}") + data[:int(before) + int(keep)])
        connection.close()


def slow(connection, seconds="1", **_):
    time.sleep(float(seconds))
    answer(connection, 200, "slow")


def hang(connection, **_):
    connection.linger()


def close(connection, **_):
    connection.close()


def close_in_head(connection, **_):
    connection.send("HTTP/1.1 200 OK\r\nContent-Le")
    connection.close()


def close_in_body(connection, **_):
    connection.send(head(200, "Content-Length: 100") + "only this")
    connection.close()


def reset_before(connection, **_):
    connection.reset()


def reset_in_head(connection, **_):
    connection.send("HTTP/1.1 200 OK\r\nContent-Le")
    connection.reset()


def reset_in_body(connection, **_):
    connection.send(head(200, "Content-Length: 100") + "only this")
    connection.reset()


def garbage(connection, kind="binary", **_):
    connection.send({
        "binary": bytes(range(256)),
        "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
        "html": b"<html><body>hello</body></html>\r\n",
        "version": b"HTTP/9.9 200 OK\r\n\r\n",
        "status": b"HTTP/1.1 abc OK\r\n\r\n",
        "short": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    }[kind])
    connection.close()


def endless_head(connection, interval="0", **_):
    connection.send("HTTP/1.1 200 OK\r\n")
    number = 0
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        number += 1
        connection.send(f"X-Line-{number}: {'x' * 100}\r\n")
        time.sleep(float(interval))


def slow_head(connection, interval="0.05", **_):
    connection.drip(head(200, *(f"X-Slow-{n}: yes" for n in range(200)), "Content-Length: 0").encode(), float(interval))


def big_head(connection, size="1048576", kind="lines", **_):
    """A head with about `size` bytes of headers, as lines of 1,000 bytes or as one line."""
    if kind == "line":
        lines = ["X-Big: " + "x" * int(size)]
    else:
        lines = [f"X-Big-{n}: {'x' * 990}" for n in range(int(size) // 1000)]
    answer(connection, 200, "", *lines)


def slow_body(connection, interval="0.05", **_):
    connection.send(head(200, "Content-Length: 1000"))
    connection.drip(b"x" * 1000, float(interval))


def endless_body(connection, chunked=None, **_):
    connection.send(head(200, "Transfer-Encoding: chunked" if chunked else "Connection: close"))
    piece = b"x" * 4096
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        connection.send(b"1000\r\n" + piece + b"\r\n" if chunked else piece)


def body(connection, size="10", **_):
    connection.send(head(200, f"Content-Length: {size}").encode() + b"y" * int(size))


def interim(connection, code="100", times="1", **_):
    for _ in range(int(times)):
        connection.send(head(int(code), *(["Link: </style.css>; rel=preload"] if code == "103" else [])))
    time.sleep(0.02)
    answer(connection, 200, "after")


def http10(connection, **_):
    connection.send(head(200, "Content-Type: text/plain", version="HTTP/1.0") + "until the end")
    connection.close()


def trailers(connection, **_):
    connection.send(head(200, "Transfer-Encoding: chunked", "Trailer: X-Checksum")
                    + "5\r\nhello\r\n6;extension=1\r\n world\r\n0\r\nX-Checksum: abc\r\n\r\n")


def bad_chunk(connection, **_):
    connection.send(head(200, "Transfer-Encoding: chunked") + "zz\r\nhello\r\n0\r\n\r\n")


def two_lengths(connection, first="5", second="5", **_):
    connection.send(head(200, f"Content-Length: {first}", f"Content-Length: {second}") + "hello")


def gzip_body(connection, **_):
    data = gzip.compress(b"compressed", mtime=0)
    connection.send(head(200, "Content-Encoding: gzip", f"Content-Length: {len(data)}").encode() + data)


def idle_close(connection, how="close", **_):
    """Answers the first request of a connection, and drops the connection when the next one has come."""
    if connection.count == 1:
        answer(connection, 200, "first")
    elif how == "close":
        connection.close()
    else:
        connection.reset()


def close_after(connection, **_):
    """Promises to keep the connection, and closes it."""
    answer(connection, 200, "and gone", "Connection: keep-alive")
    connection.close()


def unread(connection, then="hang", **_):
    """Reads the head of the request only, and answers, resets or does nothing."""
    if then == "answer":
        answer(connection, 413, "too large", "Connection: close")
        time.sleep(0.3)  # closing with bytes unread is a reset, which may overtake the answer
        connection.close()
    elif then == "reset":
        connection.reset()
    else:
        time.sleep(PATIENCE)


def cookie(connection, **_):
    answer(connection, 200, "", "Set-Cookie: seen=yes; Path=/")


def binary(connection, **_):
    data = bytes(range(256))
    connection.send(head(200, "Content-Type: application/octet-stream", "Content-Length: 256").encode() + data)


def hostile(connection, kind="text", **_):
    """What terminals obey, what hides, what turns the direction of writing, and 64,000 bytes without a space; with kind
    "bytes" also NUL and what is no UTF-8."""
    obeyed = b"\x1b]0;title\x07\x1b[2J\x1b[31mred\x08\x7f\x0b\xc2\x9b31m\xc2\x85"
    hidden = b"\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xe2\x80\xa8\xd8\x9c\xef\xbb\xbf\xf3\xa0\x81\x81\xc2\xad"
    stray = b"\x00\xff\xfe\xc0\x80\xed\xa0\x80\x9b31m" if kind == "bytes" else b""
    data = b"begin " + obeyed + hidden + stray + b" <script>alert(1)</script>\r\n\tend\r" + b"x" * 64000
    headers = b"X-Obeyed: " + obeyed + b"\r\nX-Hidden: " + hidden + b"\xff\xfe\r\nContent-Length: %d\r\n\r\n" % len(data)
    connection.send(b"HTTP/1.1 200 \x1b[5mOK" + hidden + b"\r\n" + headers + data)


BEHAVIOURS = {name.replace("_", "-"): function for name, function in {
    "status": status, "echo": echo, "quote": quote, "slow": slow, "hang": hang, "close": close, "close_in_head": close_in_head,
    "close_in_body": close_in_body, "reset_before": reset_before, "reset_in_head": reset_in_head,
    "reset_in_body": reset_in_body, "garbage": garbage, "endless_head": endless_head, "slow_head": slow_head,
    "big_head": big_head, "slow_body": slow_body, "endless_body": endless_body, "body": body, "interim": interim,
    "http10": http10, "trailers": trailers, "bad_chunk": bad_chunk, "two_lengths": two_lengths, "gzip": gzip_body,
    "idle_close": idle_close, "close_after": close_after, "binary": binary, "cookie": cookie, "unread": unread,
    "hostile": hostile,
}.items()}


class Server:
    def __init__(self, options):
        self.ledger = Ledger()
        self.hello = options.hello
        self.context = None
        self.held = []  # sockets that shall stay open
        if options.cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(options.cert, options.key)
        self.host = options.host
        self.listening = self.listen(256)

    def listen(self, backlog):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.host, 0))
        sock.listen(backlog)
        return sock

    def accept_for_ever(self, listening, serve):
        while True:
            sock, _ = listening.accept()
            threading.Thread(target=serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        connection = Connection(sock, self.ledger.connected(), self.ledger)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                connection.sock = self.context.wrap_socket(sock, server_side=True)
            elif sock.recv(1, socket.MSG_PEEK) == b"\x16":
                self.spurn_hello(connection)
            while connection.open:
                target, request = connection.request()
                self.behave(connection, target, request)
        except (Gone, OSError):
            pass
        finally:
            connection.sock.close()

    def spurn_hello(self, connection):
        if self.hello == "hang":
            connection.linger()
        elif self.hello == "reset":
            connection.reset()
        else:
            connection.read()
            answer(connection, 400, "This is not TLS.")
            connection.close()

    def behave(self, connection, target, request):
        parts = urlsplit(target)
        name, _, code = parts.path.strip("/").partition("/")
        arguments = dict(parse_qsl(parts.query))
        if code:
            arguments["code"] = code
        behaviour = BEHAVIOURS.get(name)
        if behaviour:
            behaviour(connection, request=request, **arguments)
        else:
            answer(connection, 200, "")

    def control(self, sock):
        """One command a line; one line of JSON for an answer."""
        with sock, sock.makefile("rw") as lines:
            for line in lines:
                command = line.strip()
                result = True
                if command == "report":
                    result = self.ledger.report()
                elif command == "forget":
                    self.ledger.forget()
                elif command == "blackhole":
                    result = self.blackhole()
                else:
                    result = {"error": f"unknown command: {command}"}
                lines.write(json.dumps(result) + "\n")
                lines.flush()

    def blackhole(self):
        """The port of a listening socket whose queue is full: a connection attempt to it gets no answer."""
        listening = self.listen(0)
        self.held.append(listening)
        for _ in range(3):
            filler = socket.socket(listening.family, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
            self.held.append(filler)
        return listening.getsockname()[1]

    def run(self):
        control = self.listen(16)
        for listening, serve in ((self.listening, self.serve), (control, self.control)):
            threading.Thread(target=self.accept_for_ever, args=(listening, serve), daemon=True).start()
        print(self.listening.getsockname()[1], control.getsockname()[1], flush=True)
        parent = os.getppid()
        while os.getppid() == parent:
            time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--hello", choices=("answer", "hang", "reset"), default="answer")
    Server(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
