#!/usr/bin/env python3
"""Writes the files of this folder: FLAC of numbers that the tests compute too, and MP3 of tones
with what another decoder makes of them. Needs numpy, flac 1.4, lame and mpg123.
"""
import pathlib
import struct
import subprocess
import tempfile

import numpy

FOLDER = pathlib.Path(__file__).resolve().parent


def run(*command, **options):
    command = [str(part) for part in command]
    return subprocess.run(command, check=True, capture_output=True, **options)


def sample(n, channel, bits):
    """The tests' own `testSample`: parabolas and three bits of noise."""
    phase = n * (channel + 1) % 128
    half = phase % 64
    value = half * (64 - half) * (1 if phase < 64 else -1)
    noise = (n * 1103515245 + channel * 12345 + 12345 & 0x7fffffff) >> 16 & 7
    value = value * 24 + noise - 4
    return value >> 16 - bits if bits < 16 else value << bits - 16 | noise * (bits > 16)


def flac(name, options, bits=16, channels=1, rate=16000, count=2000, value=sample, piped=False):
    width = (bits + 7) // 8
    data = b"".join(
        value(n, channel, bits).to_bytes(width, "little", signed=True)
        for n in range(count) for channel in range(channels))
    raw = ["--force-raw-format", "--endian=little", "--sign=signed", f"--channels={channels}",
           f"--bps={bits}", f"--sample-rate={rate}"]
    bare = ["--no-padding", "--no-seektable", "--no-md5-sum"]
    if piped:
        (FOLDER / name).write_bytes(run("flac", *options, *raw, *bare, "-", input=data).stdout)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        run("flac", "-f", *options, *raw, *bare, "-o", FOLDER / name, file.name)


def tones(rate, seconds):
    """Two channels of tones, noise and clicks, `[samples, 2]`, in 16 bits."""
    count = int(rate * seconds)
    time = numpy.arange(count) / rate
    random = numpy.random.default_rng(7)
    left = 0.2 * numpy.sin(2 * numpy.pi * (300 + 900 * time) * time)
    left += 0.004 * random.standard_normal(count)
    for click in (0.05, 0.13):
        decay = numpy.exp(-numpy.maximum(0, time - click) / 0.002) * (time >= click)
        left += 0.5 * decay * random.standard_normal(count)
    right = 0.5 * left + 0.1 * numpy.sin(2 * numpy.pi * 1500 * time)
    return (numpy.clip(numpy.stack([left, right], 1), -0.95, 0.95) * 32767).astype("<i2")


def mp3(name, rate, options, change=None):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "in.raw").write_bytes(tones(rate, 0.2).tobytes())
        run("lame", "--quiet", "-r", "-s", rate / 1000, "--resample", rate / 1000, *options,
            folder / "in.raw", FOLDER / name)
        if change:
            (FOLDER / name).write_bytes(change(bytearray((FOLDER / name).read_bytes())))
        run("mpg123", "-q", "-e", "f32", "-w", folder / "out.wav", FOLDER / name)
        wave = (folder / "out.wav").read_bytes()
        channels = struct.unpack_from("<H", wave, 22)[0]
        data = numpy.frombuffer(wave, "<f4", offset=wave.index(b"data") + 8)
        mean = numpy.round(data.reshape(-1, channels).mean(1) * 32768).astype("<i2")
        (folder / "out.raw").write_bytes(mean.tobytes())
        run("flac", "-f", "-8", "--force-raw-format", "--endian=little", "--sign=signed",
            "--channels=1", "--bps=16", f"--sample-rate={rate}", "--no-padding", "--no-seektable",
            "-o", FOLDER / name.replace(".mp3", ".decoded.flac"), folder / "out.raw")


def with_intensity(data):
    """Frames of joint stereo that say that the second channel is a direction where it is silent."""
    for position in range(1000, len(data) - 4):
        first, second, _, fourth = data[position:position + 4]
        if first == 0xFF and second & 0xFE == 0xFA and fourth >> 6 == 1:
            data[position + 3] |= 0x10
    return data


flac("linear.flac", ["-8"])
flac("fixed.flac", ["-0", "-l", "0"])
flac("stereo.flac", ["-8", "-m"], channels=2)
flac("near.flac", ["-8", "-m"], channels=2, value=lambda n, c, b: sample(n, 0, b) + n % 5 * c)
flac("side.flac", ["-8", "-m"], channels=2, value=lambda n, c, b: sample(n, 0, b) + n % 5 * (1 - c))
flac("middle.flac", ["-8", "-m"], channels=2,
     value=lambda n, c, b: sample(n, 0, b) // 8 * 8 + n * n % 61 * (1 - 2 * c))
flac("far.flac", ["-8", "-m"], channels=2, value=lambda n, c, b: sample(n, c, b) >> 6 * (1 - c))
flac("bits8.flac", ["-8"], bits=8)
flac("bits24.flac", ["-8"], bits=24, channels=2)
flac("bits32.flac", ["-8"], bits=32, count=600)
flac("wasted.flac", ["-8"], value=lambda n, c, b: sample(n, c, b) & ~15)
flac("five.flac", ["-5"], channels=5, count=1000)
flac("piped.flac", ["-5", "-b", "192"], piped=True)
flac("noise.flac", ["-5"], count=300, value=lambda n, c, b: (n * n * 40503 + n & 0xffff) - 32768)
flac("constant.flac", ["-5"], count=20000, value=lambda n, c, b: -1234)

mp3("joint44.mp3", 44100, ["-m", "j", "-b", 64])
mp3("direction44.mp3", 44100, ["-m", "j", "-b", 64], with_intensity)
mp3("stereo48.mp3", 48000, ["-m", "s", "-V", 4, "-p"])
mp3("mono32.mp3", 32000, ["-m", "m", "-b", 40, "-t"])
mp3("joint24.mp3", 24000, ["-m", "j", "-V", 5])
mp3("mono22.mp3", 22050, ["-m", "m", "-b", 32])
mp3("joint16.mp3", 16000, ["-m", "j", "-b", 32])
mp3("mono11.mp3", 11025, ["-m", "m", "-b", 16])
mp3("joint8.mp3", 8000, ["-m", "j", "-b", 24])

for file in FOLDER.iterdir():
    file.chmod(0o755 if file.suffix == ".py" else 0o644)
