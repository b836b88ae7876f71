"""The vocabulary of a GGUF file, and Hugging Face and tiktoken encoders made of it."""

import ctypes

import llama_cpp as llama

from peers import llama_driver

CONTROL = 8

# The split patterns published with these vocabularies.
NEWER = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}"
         r"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
PATTERNS = {
    "gpt-2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "llama-bpe": NEWER.format(digits=r"\p{N}{1,3}"),
    "qwen2": NEWER.format(digits=r"\p{N}")}


def byte_alphabet():
    """Character to byte, as byte-level vocabularies write bytes."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {**{chr(byte): byte for byte in printable},
            **{chr(256 + index): byte for index, byte in enumerate(rest)}}


class Vocabulary:
    """Tokens as the file writes them, in order of their ids."""

    def __init__(self, path):
        self.model = llama_driver.Model(path, vocabulary_only=True)
        handle = self.model.vocabulary
        self.tokens, self.is_special = [], []
        for token in range(self.model.vocabulary_size):
            self.tokens.append(llama.llama_vocab_get_text(handle, token).decode("utf-8", "replace"))
            self.is_special.append(bool(llama.llama_vocab_get_attr(handle, token) & CONTROL))
        self.kind = self.metadata("tokenizer.ggml.model")
        self.rule = self.metadata("tokenizer.ggml.pre")

    def metadata(self, key):
        text = ctypes.create_string_buffer(256)
        size = llama.llama_model_meta_val_str(self.model.handle, key.encode(), text, len(text))
        return text.value.decode() if size >= 0 else ""

    def token_bytes(self, alphabet):
        """Each token's bytes, of a byte-level vocabulary; None for special tokens."""
        return [None if special else bytes(alphabet[letter] for letter in token)
                if all(letter in alphabet for letter in token) else None
                for token, special in zip(self.tokens, self.is_special)]

    def pieces(self):
        """Texts of ordinary tokens that are whole characters."""
        if self.kind == "gpt2":
            found = []
            for data in self.token_bytes(byte_alphabet()):
                try:
                    found.append(data.decode())
                except (UnicodeDecodeError, AttributeError):
                    pass
        else:
            found = [token.replace("▁", " ")
                     for token, special in zip(self.tokens, self.is_special) if not special]
        return [piece for piece in found if piece]

    def specials(self):
        return [token for token, special in zip(self.tokens, self.is_special) if special] or [" "]


def word_pieces(vocabulary):
    """Hugging Face's BERT encoder of a WordPiece vocabulary, as a function of a text and of whether
    special tokens in it are parsed."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    # GGUF marks the beginning of a word, Hugging Face its continuation.
    names = {}
    for token, text in enumerate(vocabulary.tokens):
        if text.startswith("▁"):
            text = text[1:]
        elif not (text.startswith("[") and text.endswith("]")):
            text = "##" + text
        names[text] = token

    def make(parse_special):
        encoder = Tokenizer(models.WordPiece(names, unk_token="[UNK]"))
        encoder.normalizer = normalizers.BertNormalizer(lowercase=True)
        encoder.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        encoder.post_processor = processors.BertProcessing(
            ("[SEP]", names["[SEP]"]), ("[CLS]", names["[CLS]"]))
        if parse_special:
            encoder.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        return encoder

    text_only, parsing = make(False), make(True)
    return lambda text, special: (parsing if special else text_only).encode(text).ids


def hugging_face(vocabulary, merges):
    """Hugging Face's encoder of a byte-level vocabulary."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    names = {token: index for index, token in enumerate(vocabulary.tokens)}
    pairs = [tuple(merge.split(" ")) for merge in merges]
    encoder = Tokenizer(models.BPE(
        names, pairs, ignore_merges=vocabulary.rule in ("llama-bpe", "llama3")))
    encoder.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERNS[vocabulary.rule]), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return encoder


def tiktoken(vocabulary):
    """tiktoken's encoder of a byte-level vocabulary whose ids are in the order of its merges."""
    import tiktoken as library

    ranks = {data: index for index, data in enumerate(vocabulary.token_bytes(byte_alphabet()))
             if data}
    return library.Encoding(vocabulary.rule, pat_str=PATTERNS[vocabulary.rule],
                            mergeable_ranks=ranks, special_tokens={})
