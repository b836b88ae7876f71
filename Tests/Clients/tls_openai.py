"""OpenAI's own client over TLS: python tls_openai.py PORT FOLDER, as tls_client.py has them."""

import ssl
import sys

import openai

port, folder = sys.argv[1:]
context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
client = openai.OpenAI(
    base_url=f"https://localhost:{port}/v1", api_key="none",
    http_client=openai.DefaultHttpxClient(verify=context))
messages = [{"role": "user", "content": "How do swifts sleep?"}]
answer = client.chat.completions.create(model="swift-1", messages=messages)
assert answer.choices[0].message.content == "Swifts sleep in flight.", answer
stream = client.chat.completions.create(model="swift-1", messages=messages, stream=True)
text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
assert text == "Swifts sleep in flight.", text
