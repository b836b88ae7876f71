#!/usr/bin/env python3
"""A mail server and a web server that keep what they get: for tests of deliveries.

    sinks.py FOLDER

Listens on two free ports of loopback and writes them to FOLDER/ports as JSON. Mail goes to
FOLDER/mail.jsonl, posts go to FOLDER/posts.jsonl, one JSON object a line. The first mail to an
address that begins with `busy` is put off (451), the first post to /busy fails (500). Posts are
checked with the secret in FOLDER/secret.
"""
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import pathlib
import sys
import threading
import time

from aiosmtpd.controller import Controller

folder = pathlib.Path(sys.argv[1])
seen = set()
lock = threading.Lock()


def keep(name, what):
    with lock, open(folder / name, "a") as file:
        file.write(json.dumps(what) + "\n")


def is_first(name):
    with lock:
        return not (name in seen or seen.add(name))


class Mail:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("busy") and is_first(address):
            return "451 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = message.get_body(("plain",))
        keep("mail.jsonl", {
            "recipients": envelope.rcpt_tos,
            "subject": message["Subject"], "from": message["From"], "to": message["To"],
            "id": message["Message-ID"], "date": message["Date"].datetime.isoformat(),
            "body": body.get_content(), "defects": [str(d) for d in message.defects],
            "is_ascii": envelope.content.isascii(),
            "longest_line": max(map(len, envelope.content.splitlines())),
            "attachments": [
                {"name": part.get_filename(), "type": part.get_content_type(),
                 "text": part.get_payload(decode=True).decode()}
                for part in message.iter_attachments()],
        })
        return "250 OK"


class Posts(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/busy" and is_first(self.path):
            self.send_error(500)
            return
        fields = dict(pair.split("=", 1) for pair in self.headers["Apus-Signature"].split(","))
        secret = bytes.fromhex((folder / "secret").read_text())
        signed = fields["t"].encode() + b"." + body
        expected = hmac.new(secret, signed, hashlib.sha256).hexdigest()
        keep("posts.jsonl", {
            "path": self.path, "type": self.headers["Content-Type"],
            "delivery": self.headers["Apus-Delivery"],
            "is_signed": hmac.compare_digest(expected, fields["v1"]),
            "age": abs(time.time() - int(fields["t"])), "body": json.loads(body),
        })
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


class FreePort(Controller):
    """Listens on a free port. It asks itself whether it answers, so it has to know which."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


mail = FreePort(Mail(), hostname="127.0.0.1", port=0, ready_timeout=60)
mail.start()
web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Posts)
ports = {"smtp": mail.port, "http": web.server_port}
(folder / "ports.new").write_text(json.dumps(ports))
(folder / "ports.new").rename(folder / "ports")
web.serve_forever()
