"""SIGTERM while answers run: python3 drain_client.py PORT PROCESS MODEL.

Every answer that has begun must be whole; whoever comes later is told to come back, or finds nobody.
"""

import http.client
import json
import os
import signal
import sys
import threading

CLIENTS = 12
port, process, model = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
begun = threading.Barrier(CLIENTS + 1)
faults = []


def ask():
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "model": model, "stream": True, "max_tokens": 64, "ignore_eos": True,
        "messages": [{"role": "user", "content": "Count the swifts."}],
    }), {"Content-Type": "application/json"})
    return connection.getresponse()


def client():
    try:
        response = ask()
        lines = [response.readline()]
        begun.wait(300)
        lines += response.readlines()
        if b"data: [DONE]\n" not in lines:
            faults.append(f"an answer ended with {lines[-3:]}")
    except (OSError, http.client.HTTPException) as error:
        faults.append(repr(error))
        begun.abort()


clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
for each in clients:
    each.start()
try:
    begun.wait(300)
except threading.BrokenBarrierError:
    sys.exit("\n".join(faults))
os.kill(process, signal.SIGTERM)
refused = 0
while any(each.is_alive() for each in clients):
    try:
        late = ask()
    except ConnectionError:
        # Nobody is there, or the connection was closed before its request was read.
        break
    body = late.read()
    if late.status == 503:
        refused += 1
        if not late.headers["Retry-After"]:
            faults.append("a refusal does not say when to come back")
        break
    if b"data: [DONE]\n" not in body:
        # It was taken before the signal came through, so it counts as well.
        faults.append("a late answer was cut")
for each in clients:
    each.join()
sys.exit("\n".join(faults) or 0)
