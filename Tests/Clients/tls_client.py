"""What real and hostile TLS clients do to a server; each case is one command.

    python3 tls_client.py CASE PORT FOLDER [ARGUMENT]

FOLDER holds ca.pem, the authority of the server's certificate. A case that fails says why and ends
with 1. Nothing but Python's own library is needed.
"""

import json
import os
import pathlib
import random
import signal
import socket
import ssl
import sys
import time

PATIENCE = 30
# Who closes waits for a turn among all that runs beside it.
CLOSING_PATIENCE = 200
CHAT = {"model": "swift-1", "messages": [{"role": "user", "content": "How do swifts sleep?"}]}


def request(body=None, path="/v1/chat/completions", close=True):
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "Host: localhost"]
    if close:
        lines.append("Connection: close")
    content = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Client:
    def __init__(self, port, folder):
        self.port, self.folder = port, folder

    def context(self, version=None, protocols=("http/1.1",)):
        context = ssl.create_default_context(cafile=f"{self.folder}/ca.pem")
        if version is not None:
            context.minimum_version = context.maximum_version = version
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    def plain(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def secure(self, context=None, **options):
        # Without `suppress_ragged_eofs` an end without close_notify is an error.
        return (context or self.context(**options)).wrap_socket(
            self.plain(), server_hostname="localhost", suppress_ragged_eofs=False)


def read_all(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def body_of(answer):
    """The body of a whole answer, out of its chunks where it has them."""
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        return rest
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[:int(size, 16)]
        rest = rest[int(size, 16) + 2:]
    return body


def expect(condition, words):
    if not condition:
        sys.exit(words)


def words(error):
    """OpenSSL's reason, which versions of Python spell in two ways."""
    return str(error).lower().replace("_", " ")


def expect_closed(connection, words):
    """The server closes by itself, whatever it says before."""
    connection.settimeout(CLOSING_PATIENCE)
    try:
        while connection.recv(65536):
            pass
    except (ssl.SSLError, ConnectionError):
        pass
    except TimeoutError:
        sys.exit(words)


def answers(client, _):
    """Both versions, whole and streamed, over ciphers with forward secrecy, with a decent end."""
    for version, name in [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")]:
        for stream in [False, True]:
            with client.secure(version=version) as connection:
                expect(connection.version() == name, f"{connection.version()} for {name}")
                expect(connection.selected_alpn_protocol() == "http/1.1", "no ALPN")
                cipher = connection.cipher()[0]
                expect(name == "TLSv1.3" or cipher.startswith("ECDHE-"), cipher)
                connection.sendall(request({**CHAT, "stream": stream}))
                answer = read_all(connection)
            expect(answer.startswith(b"HTTP/1.1 200"), repr(answer[:200]))
            end = b"data: [DONE]\n\n" if stream else b"}"
            expect(body_of(answer).endswith(end), repr(answer[-200:]))


def old_versions(client, _):
    """What is older than TLS 1.2 is refused with an alert that says so."""
    for version in [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]:
        context = client.context(protocols=())
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, version
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        try:
            client.secure(context)
            sys.exit(f"{version} was accepted")
        except ssl.SSLError as error:
            expect("protocol version" in words(error), str(error))


def protocols(client, _):
    """ALPN: HTTP/1.1 is chosen wherever it stands, no list is no fault, a list without it is one."""
    for offered, chosen in [(("h2", "http/1.1"), "http/1.1"), ((), None)]:
        with client.secure(protocols=offered) as connection:
            expect(connection.selected_alpn_protocol() == chosen, f"{offered}")
    try:
        client.secure(protocols=("h2", "http/1.1x"))
        sys.exit("h2 alone was accepted")
    except ssl.SSLError as error:
        expect("no application protocol" in words(error), str(error))


class Wire:
    """A TLS client whose every byte on the way to the server passes through our hands."""

    def __init__(self, client, version=None):
        self.socket = client.plain()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.inbound, self.outbound = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = client.context(version).wrap_bio(
            self.inbound, self.outbound, server_hostname="localhost")

    def run(self, step, send):
        """Repeats a step until it is through; `send` moves our bytes."""
        while True:
            try:
                result = step()
                send(self.outbound.read())
                return result
            except ssl.SSLWantReadError:
                send(self.outbound.read())
                more = self.socket.recv(65536)
                if more:
                    self.inbound.write(more)
                else:
                    self.inbound.write_eof()

    def read_all(self, send):
        parts = []
        while True:
            try:
                part = self.run(lambda: self.tls.read(65536), send)
            except ssl.SSLZeroReturnError:
                part = b""
            if not part:
                return b"".join(parts)
            parts.append(part)


def partial_records(client, _):
    """Records that come byte by byte, and many in one packet."""
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
        wire = Wire(client, version)

        def drip(data):
            for byte in data:
                wire.socket.sendall(bytes([byte]))

        wire.run(wire.tls.do_handshake, drip)
        wire.tls.write(request(CHAT))
        drip(wire.outbound.read())
        expect(wire.read_all(drip).startswith(b"HTTP/1.1 200"), "no answer to dripped records")

        wire = Wire(client, version)
        wire.run(wire.tls.do_handshake, wire.socket.sendall)
        for byte in request(CHAT, close=False) + request(CHAT):
            wire.tls.write(bytes([byte]))
        wire.socket.sendall(wire.outbound.read())
        answer = wire.read_all(wire.socket.sendall)
        expect(answer.count(b"HTTP/1.1 200") == 2, "two requests in many records were not answered")


def close_notify(client, _):
    """A client's close_notify is answered with one, and with the end of the connection."""
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
        with client.secure(version=version) as connection:
            connection.sendall(request(path="/health", close=False))
            expect(connection.recv(65536).startswith(b"HTTP/1.1 200"), "no answer")
            plain = connection.unwrap()
            expect(plain.recv(1) == b"", "the server keeps the connection")
    # An end without close_notify is an end as well.
    with client.secure() as connection:
        connection.shutdown(socket.SHUT_WR)
        expect_closed(connection, "the server keeps a connection that was cut")


def garbage(client, _):
    """What is no TLS is closed at once, not when a time is over."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    for data in [
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x00" * 64, b"\xff" * 64, os.urandom(4096),
            hello + b"\xff" * 512, b"\x80\x2e\x01\x00\x02" + b"\x00" * 64,
            b"\x17\x03\x03\x00\x10" + b"\x00" * 16, b"\x16\x03\x01\xff\xff" + b"\x00" * 65535]:
        with client.plain() as connection:
            connection.sendall(data)
            expect_closed(connection, f"{data[:16]!r} is still connected")


def whole(client, expected):
    """A large answer arrives whole although it is read in small pieces."""
    with client.secure() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        connection.sendall(request(CHAT))
        answer = b"".join(iter(lambda: connection.recv(3000), b""))
    content = json.loads(body_of(answer))["choices"][0]["message"]["content"]
    expect(len(content) == int(expected), f"{len(content)} of {expected} letters")


def ignore(client, _):
    """Asks for a stream and reads nothing of it until this process is ended."""
    with client.secure() as connection:
        connection.sendall(request({**CHAT, "stream": True}))
        signal.pause()


def fuzz(client, rounds):
    """Conversations with bytes changed, cut, doubled or put in; the seed is the round's number."""
    for seed in range(int(rounds)):
        choice = random.Random(seed)
        wire = Wire(client, choice.choice([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]))
        victim, flight = choice.randrange(3), 0

        def send(data):
            nonlocal flight
            if flight == victim and data:
                data = mutated(data, choice)
            flight += bool(data)
            wire.socket.sendall(data)

        try:
            wire.run(wire.tls.do_handshake, send)
            wire.tls.write(request(CHAT))
            send(wire.outbound.read())
        except (ssl.SSLError, ConnectionError):
            pass
        except TimeoutError:
            # The server may wait for the rest of what was cut.
            pass
        try:
            wire.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        expect_closed(wire.socket, f"round {seed} is still connected")
        wire.socket.close()


def mutated(data, choice):
    data = bytearray(data)
    place = choice.randrange(len(data))
    kind = choice.randrange(4)
    if kind == 0:
        data[place] ^= 1 << choice.randrange(8)
    elif kind == 1:
        del data[place:place + choice.randint(1, 64)]
        # The rest of a record that was cut is never sent, so nobody waits for it.
        data += b"\x15\x03\x03\x40\x00" + bytes(1 << 14)
    elif kind == 2:
        data[place:place] = data[max(0, place - 64):place]
        data += b"\x15\x03\x03\x40\x00" + bytes(1 << 14)
    else:
        data[place:place] = choice.randbytes(choice.randint(1, 64))
        data += b"\x15\x03\x03\x40\x00" + bytes(1 << 14)
    return bytes(data)


def reload(client, process):
    """SIGHUP changes the certificate for new connections and cuts no running one."""
    folder = pathlib.Path(client.folder)

    def serial():
        with client.secure() as connection:
            return connection.getpeercert()["serialNumber"]

    def hang_up():
        os.kill(int(process), signal.SIGHUP)

    def is_alive(connection):
        connection.sendall(request(path="/health", close=False))
        return connection.recv(65536).startswith(b"HTTP/1.1 200")

    with client.secure() as old:
        before = serial()
        expect(old.getpeercert()["serialNumber"] == before, "two certificates at once")
        (folder / "other.pem").replace(folder / "cert.pem")
        (folder / "other.key").replace(folder / "key.pem")
        expect(serial() == before, "the certificate changed by itself")
        hang_up()
        until = time.monotonic() + PATIENCE
        while serial() == before:
            expect(time.monotonic() < until, "the certificate did not change")
        after = serial()
        expect(is_alive(old), "an old connection was cut")
        (folder / "key.pem").write_text("no key at all")
        hang_up()
        while "certificate kept" not in (folder / "log").read_text():
            expect(time.monotonic() < until, "a key that is none was not complained about")
        expect(serial() == after and is_alive(old), "a key that is none was taken")


if __name__ == "__main__":
    cases = [answers, old_versions, protocols, partial_records, close_notify, garbage, whole, ignore,
             fuzz, reload]
    case = {each.__name__: each for each in cases}[sys.argv[1]]
    case(Client(int(sys.argv[2]), sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None)
