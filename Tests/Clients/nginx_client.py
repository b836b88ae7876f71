"""nginx with Deploy's file in front of two servers: python3 nginx_client.py APUS MODEL FOLDER.

A key always reaches the same server, keys spread over both, streams arrive event by event, a server
that stops hands its clients to the other, and /metrics is nobody's business.
"""

import contextlib
import http.client
import json
import pathlib
import random
import signal
import socket
import subprocess
import sys
import os
import time

apus, model, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
site = pathlib.Path(__file__).resolve().parents[2] / "Deploy/nginx/apus.conf"


def free_port():
    """Below the ports that the system gives away by itself: nobody takes it before nginx does."""
    while True:
        port = random.randrange(12000, 32000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def expect(condition, words):
    if not condition:
        raise SystemExit(words)


def start_server(data):
    process = subprocess.Popen(
        [apus, "serve", model, "--port", "0", "--set", "drain-seconds=300", "--set", "show-metrics=true"],
        env={**os.environ, "APUS_DATA": str(data)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True)
    line = process.stdout.readline()
    expect(line.startswith("Listening"), "a server did not start")
    return process, int(line.rstrip().rpartition(":")[2])


def start_nginx(port, servers):
    text = site.read_text().replace("/var/log/nginx", str(folder)).replace("listen 8000", f"listen 127.0.0.1:{port}")
    for old, new in zip((8080, 8081), servers):
        expect(f"127.0.0.1:{old}" in text, "Deploy's file names other servers")
        text = text.replace(f"127.0.0.1:{old}", f"127.0.0.1:{new}")
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error;\nworker_processes 1;\n"
        "events {}\nhttp {\n"
        + "".join(f"{kind}_temp_path {folder}/{kind};\n"
                  for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f"include {folder}/site.conf;\n}}\n")
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)],
                               stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                process.terminate()
                raise SystemExit(f"nginx did not start; {folder}/error says more")
            time.sleep(0.05)


def ask(port, key, **changes):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    body = {"model": model, "messages": [{"role": "user", "content": "One word."}], "max_tokens": 4, **changes}
    connection.request("POST", "/v1/chat/completions", json.dumps(body),
                       {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})
    return connection.getresponse()


def served(port):
    """How many chats a server has answered, by its own count."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return sum(int(line.rpartition(" ")[2]) for line in text.splitlines()
               if line.startswith('apus_requests_total{route="/v1/chat/completions",status="200"'))


def check(port, servers, processes, keys):
    homes = {}
    for key in keys:
        for _ in range(3):
            before = [served(each) for each in servers]
            answer = ask(port, key)
            expect(answer.status == 200, f"status {answer.status}")
            answer.read()
            home = [now - then for now, then in zip([served(each) for each in servers], before)].index(1)
            expect(homes.setdefault(key, home) == home, "a key went to another server")
    expect(set(homes.values()) == {0, 1}, "all keys went to one server")

    response = ask(port, keys[0], stream=True, max_tokens=32, ignore_eos=True)
    first = response.read1(1 << 20)
    rest = response.read()
    expect(first.startswith(b"data: ") and b"[DONE]" not in first, "the stream came in one piece")
    expect(rest.endswith(b"data: [DONE]\n\n"), "the stream did not end well")

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    expect(connection.getresponse().status == 404, "/metrics is served")

    # The first key's server stops while it answers: that answer is finished, the next goes elsewhere.
    running = ask(port, keys[0], stream=True, max_tokens=200, ignore_eos=True)
    running.read1(10)
    processes[homes[keys[0]]].send_signal(signal.SIGTERM)
    for _ in range(8):
        answer = ask(port, keys[0])
        expect(answer.status == 200, f"status {answer.status} while a server stops")
        answer.read()
    expect(running.read().endswith(b"data: [DONE]\n\n"), "a running answer was lost")


def main():
    data = [folder / "one", folder / "two"]
    made = [subprocess.run([apus, "keys", "create", "--json", "--rpm", "100000"], check=True,
                           capture_output=True, env={**os.environ, "APUS_DATA": str(data[0])})
            for _ in range(16)]
    keys = [json.loads(each.stdout)["key"] for each in made]
    # Both servers know the same keys; each counts for itself.
    subprocess.run(["cp", "-r", data[0], data[1]], check=True)
    port, servers, processes = free_port(), [], []
    try:
        for place in data:
            process, server = start_server(place)
            processes.append(process)
            servers.append(server)
        processes.append(start_nginx(port, servers))
        check(port, servers, processes, keys)
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(300)


main()
