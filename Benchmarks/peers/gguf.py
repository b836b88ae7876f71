"""What a GGUF file says about the work of one token: bytes of weights read, operations done."""

import os
import struct

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
           12: "d"}
STRING, ARRAY = 8, 9
# Tables of which a token reads one row.
ROW_TABLES = ("token_embd.weight", "per_layer_token_embd.weight", "position_embd.weight")


class Weights:
    """The tensors of one file: name to (dimensions, bytes) and to (type's number, place of the data),
    its scalar metadata, and those arrays of strings that are asked for."""

    def __init__(self, path, arrays=()):
        self.arrays = {}
        self.metadata = {}
        self.tensors = {}
        self.places = {}
        with open(path, "rb") as file:
            magic, version, tensor_count, entry_count = struct.unpack("<4sIQQ", file.read(24))
            if magic != b"GGUF" or version not in (2, 3):
                raise SystemExit(f"{path}: expected a GGUF file of version 2 or 3")
            for _ in range(entry_count):
                key = self._string(file)
                kind, = struct.unpack("<I", file.read(4))
                if key in arrays:
                    _, count = struct.unpack("<IQ", file.read(12))
                    self.arrays[key] = [self._string(file) for _ in range(count)]
                    continue
                value = self._value(file, kind)
                if value is not None:
                    self.metadata[key] = value
            offsets = []
            for _ in range(tensor_count):
                name = self._string(file)
                rank, = struct.unpack("<I", file.read(4))
                dimensions = struct.unpack(f"<{rank}Q", file.read(8 * rank))
                kind, offset = struct.unpack("<IQ", file.read(12))
                offsets.append((offset, name, dimensions))
                self.places[name] = (kind, offset)
            alignment = self.metadata.get("general.alignment", 32)
            start = -(-file.tell() // alignment) * alignment
        self.places = {name: (kind, start + offset)
                       for name, (kind, offset) in self.places.items()}
        # A tensor ends where the next one starts; the padding is smaller than the alignment.
        offsets.sort()
        ends = [offset for offset, _, _ in offsets[1:]] + [os.path.getsize(path) - start]
        for (offset, name, dimensions), end in zip(offsets, ends):
            self.tensors[name] = (dimensions, end - offset)

    @staticmethod
    def _string(file):
        size, = struct.unpack("<Q", file.read(8))
        return file.read(size).decode("utf-8", "replace")

    def _value(self, file, kind):
        if kind == STRING:
            return self._string(file)
        if kind == ARRAY:
            element, count = struct.unpack("<IQ", file.read(12))
            if element in SCALARS:
                file.seek(struct.calcsize(SCALARS[element]) * count, os.SEEK_CUR)
            else:
                for _ in range(count):
                    self._value(file, element)
            return None
        form = "<" + SCALARS[kind]
        return struct.unpack(form, file.read(struct.calcsize(form)))[0]

    def _share(self, name):
        """The part of a tensor that one token uses: of experts, those that are chosen."""
        architecture = self.metadata.get("general.architecture", "")
        experts = self.metadata.get(f"{architecture}.expert_count", 0)
        if experts and "_exps." in name:
            return self.metadata.get(f"{architecture}.expert_used_count", experts) / experts
        return 1.0

    def bytes_per_token(self):
        """Bytes of weights that the decoding of one token has to read."""
        tied = "output.weight" not in self.tensors
        return sum(
            size * self._share(name) for name, (_, size) in self.tensors.items()
            if name not in ROW_TABLES or (tied and name == "token_embd.weight"))

    def operations_per_prompt_token(self, all_weights=False):
        """Operations (an addition and a multiplication are two) of the layers' matrix products for
        a prompt token that wants no logits; attention itself is not in it.

        The last layer keeps keys and values of such a token, and the rest of it is computed for the
        prompt's last token alone, by both sides; with `all_weights` it counts all the same.
        """
        total = 0
        last = f"blk.{self.metadata[self.metadata['general.architecture'] + '.block_count'] - 1}."
        for name, (dimensions, _) in self.tensors.items():
            if name.startswith((last + "attn_output", last + "ffn_")) and not all_weights:
                continue
            if name.startswith("blk.") and len(dimensions) >= 2:
                count = 2 * self._share(name)
                for dimension in dimensions:
                    count *= dimension
                total += count
        return total
