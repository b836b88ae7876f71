#!/usr/bin/env python3
"""Writes tiny speech models of random weights (tiny-f16.bin, tiny-q8_0.bin), in the layout of whisper.cpp's
files, and what they make of a sound and of tokens (tiny.json), computed here in float64.

Usage: python3 Tests/Fixtures/speech/generate.py (needs numpy)
"""

import json
import math
import pathlib
import struct

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parent
BANDS, BINS, AUDIO, WIDTH, HEADS, TEXT = 8, 201, 32, 32, 2, 32
WORDS = [bytes([b]) for b in range(256)] + [b" t", b"th", b" th", b" the", b""]
LANGUAGES = 2
VOCABULARY = len(WORDS) + LANGUAGES + 9 + AUDIO

random = np.random.default_rng(20261128)


def matrix(rows, columns):
  return random.normal(0, columns**-0.5, (rows, columns))


def attention(name):
  yield name + "_ln.weight", 1 + 0.1 * random.normal(size=WIDTH)
  yield name + "_ln.bias", 0.1 * random.normal(size=WIDTH)
  for part in ["query", "key", "value", "out"]:
    yield f"{name}.{part}.weight", 1.5 * matrix(WIDTH, WIDTH)
    if part != "key":
      yield f"{name}.{part}.bias", 0.1 * random.normal(size=WIDTH)


def block(name, crosses):
  yield from attention(name + ".attn")
  if crosses:
    yield from attention(name + ".cross_attn")
  yield name + ".mlp_ln.weight", 1 + 0.1 * random.normal(size=WIDTH)
  yield name + ".mlp_ln.bias", 0.1 * random.normal(size=WIDTH)
  yield name + ".mlp.0.weight", matrix(4 * WIDTH, WIDTH)
  yield name + ".mlp.0.bias", 0.1 * random.normal(size=4 * WIDTH)
  yield name + ".mlp.2.weight", matrix(WIDTH, 4 * WIDTH)
  yield name + ".mlp.2.bias", 0.1 * random.normal(size=WIDTH)


def tensors():
  for index, inputs in [(1, BANDS), (2, WIDTH)]:
    yield f"encoder.conv{index}.weight", random.normal(
      0, (3 * inputs) ** -0.5, (WIDTH, inputs, 3))
    yield f"encoder.conv{index}.bias", 0.1 * random.normal(size=(WIDTH, 1))
  yield "encoder.positional_embedding", 0.3 * random.normal(size=(AUDIO, WIDTH))
  yield from block("encoder.blocks.0", False)
  yield "encoder.ln_post.weight", 1 + 0.1 * random.normal(size=WIDTH)
  yield "encoder.ln_post.bias", 0.1 * random.normal(size=WIDTH)
  yield "decoder.token_embedding.weight", random.normal(0, 0.5, (VOCABULARY, WIDTH))
  yield "decoder.positional_embedding", 0.3 * random.normal(size=(TEXT, WIDTH))
  yield from block("decoder.blocks.0", True)
  yield "decoder.ln.weight", 1 + 0.1 * random.normal(size=WIDTH)
  yield "decoder.ln.bias", 0.1 * random.normal(size=WIDTH)


def stored(name, values, kind):
  """The bytes of a tensor, its type's number, and the numbers that the bytes stand for."""
  if values.ndim == 1 or name.endswith(".bias") or "positional" in name:
    return values.astype("<f4").tobytes(), 0, values.astype("<f4").astype(float)
  if kind == "f16" or values.ndim == 3:
    return values.astype("<f2").tobytes(), 1, values.astype("<f2").astype(float)
  blocks = values.reshape(-1, 32)
  scales = (np.abs(blocks).max(axis=1) / 127).astype("<f2")
  quants = np.round(blocks / scales.astype(float)[:, None]).clip(-127, 127).astype("i1")
  data = b"".join(s.tobytes() + q.tobytes() for s, q in zip(scales, quants))
  return data, 8, (scales.astype(float)[:, None] * quants).reshape(values.shape)


def filters():
  """Triangles that overlap by half, evenly spaced."""
  bank = np.zeros((BANDS, BINS), "<f4")
  for band in range(BANDS):
    middle, half = 10 + 22 * band, 22
    for bin_ in range(BINS):
      bank[band, bin_] = max(0, 1 - abs(bin_ - middle) / half) / half
  return bank


def write(path, kind, weights, bank):
  numbers = [VOCABULARY, AUDIO, WIDTH, HEADS, 1, TEXT, WIDTH, HEADS, 1, BANDS,
             {"f16": 1, "q8_0": 2007}[kind]]
  out = struct.pack("<12i", 0x67676D6C, *numbers)
  out += struct.pack("<2i", BANDS, BINS) + bank.tobytes()
  out += struct.pack("<i", len(WORDS))
  for word in WORDS:
    out += struct.pack("<i", len(word)) + word
  values = {}
  for name, tensor in weights:
    data, number, values[name] = stored(name, tensor, kind)
    extents = tensor.shape[::-1]
    out += struct.pack("<3i", len(extents), len(name), number)
    out += struct.pack(f"<{len(extents)}i", *extents) + name.encode() + data
  path.write_bytes(out)
  return values


def spectrogram(samples, bank):
  padded = np.concatenate([samples[200:0:-1], samples, np.zeros(2 * AUDIO * 160 + 200)])
  count = (len(samples) + 2 * AUDIO * 160) // 160
  window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
  frames = padded[np.arange(count)[:, None] * 160 + np.arange(400)] * window
  power = np.abs(np.fft.rfft(frames, axis=1)) ** 2 @ bank.astype(float).T
  logs = np.log10(np.maximum(power, 1e-10))
  return (np.maximum(logs, logs.max() - 8) + 4) / 4


def gelu(x):
  return x / 2 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def norm(w, name, x):
  centred = x - x.mean(axis=-1, keepdims=True)
  scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
  return centred / scale * w[name + ".weight"] + w[name + ".bias"]


def attend(w, name, x, other, causal):
  length = WIDTH // HEADS
  q = x @ w[name + ".query.weight"].T + w[name + ".query.bias"]
  k = other @ w[name + ".key.weight"].T
  v = other @ w[name + ".value.weight"].T + w[name + ".value.bias"]
  out = []
  for head in range(HEADS):
    part = slice(head * length, (head + 1) * length)
    scores = q[:, part] @ k[:, part].T / math.sqrt(length)
    if causal:
      scores += np.triu(np.full(scores.shape, -np.inf), 1)
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    out.append(scores / scores.sum(axis=1, keepdims=True) @ v[:, part])
  return np.concatenate(out, axis=1) @ w[name + ".out.weight"].T + w[name + ".out.bias"]


def layer(w, name, x, states=None):
  y = norm(w, name + ".attn_ln", x)
  x = x + attend(w, name + ".attn", y, y, states is not None)
  if states is not None:
    x = x + attend(w, name + ".cross_attn", norm(w, name + ".cross_attn_ln", x), states, False)
  y = gelu(norm(w, name + ".mlp_ln", x) @ w[name + ".mlp.0.weight"].T + w[name + ".mlp.0.bias"])
  return x + y @ w[name + ".mlp.2.weight"].T + w[name + ".mlp.2.bias"]


def convolve(w, name, x, step):
  padded = np.pad(x, ((1, 1), (0, 0)))
  kernel = w[name + ".weight"]
  rows = [
    sum(kernel[:, :, k] @ padded[t + k] for k in range(3)) for t in range(0, len(x), step)]
  return gelu(np.array(rows) + w[name + ".bias"].T)


def encode(w, window):
  x = convolve(w, "encoder.conv2", convolve(w, "encoder.conv1", window, 1), 2)
  x = layer(w, "encoder.blocks.0", x + w["encoder.positional_embedding"])
  return norm(w, "encoder.ln_post", x)


def decode(w, states, tokens):
  embedding = w["decoder.token_embedding.weight"]
  x = embedding[tokens] + w["decoder.positional_embedding"][: len(tokens)]
  return norm(w, "decoder.ln", layer(w, "decoder.blocks.0", x, states)) @ embedding.T


def main():
  bank = filters()
  weights = list(tensors())
  time = np.arange(8_000) / 16_000
  sound = 0.3 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.sin(2 * np.pi * 1234 * time)
  samples = sound.astype("<f4")
  mel = spectrogram(samples.astype(float), bank)
  window = np.zeros((2 * AUDIO, BANDS))
  heard = len(samples) // 160
  window[:heard] = mel[:heard]
  tokens = [len(WORDS) + 1, len(WORDS) + 2, len(WORDS) + 2 + LANGUAGES + 1, 65, 66, 259]
  golden = {"tokens": tokens, "mel": mel[:heard].flatten().tolist(), "models": {}}
  for kind in ["f16", "q8_0"]:
    w = write(FOLDER / f"tiny-{kind}.bin", kind, weights, bank)
    states = encode(w, window)
    golden["models"][kind] = {
      "states": states.flatten().round(6).tolist(),
      "logits": decode(w, states, tokens)[[0, -1]].flatten().round(6).tolist()}
  (FOLDER / "tiny.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main()
