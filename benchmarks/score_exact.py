"""How far the embedded engine's scores are from exact arithmetic on the same weights.

    pip install numpy gguf
    python benchmarks/score_exact.py MODEL.gguf TEXT_FILE

Computes the model in float64 from the dequantised file, without llama.cpp (architecture llama, byte-level
BPE, ASCII text), and compares each log probability with `nbx score --model-file`. With --float32 OUT.gguf it
also writes the dequantised weights, to be scored in their turn: what remains then is not quantisation.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np


class Model:
    """A llama model of a GGUF file, in float64."""

    def __init__(self, path: str) -> None:
        self.file = gguf.GGUFReader(path)
        self.weights = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in self.file.tensors}
        self.heads = self.value("llama.attention.head_count")
        self.kv_heads = self.value("llama.attention.head_count_kv")
        self.base = self.value("llama.rope.freq_base")
        self.epsilon = self.value("llama.attention.layer_norm_rms_epsilon")
        self.ids = {token: place for place, token in enumerate(self.value("tokenizer.ggml.tokens"))}

    def value(self, name: str) -> Any:
        """Return a value of the file's header."""
        return self.file.fields[name].contents()

    def weight(self, name: str) -> Any:
        """Return a tensor."""
        return self.weights[f"{name}.weight"].astype(np.float64)

    def norm(self, x: Any, name: str) -> Any:
        """Return RMS-normalised rows."""
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon) * self.weight(name)

    def rotate(self, x: Any) -> Any:
        """Return rows of heads with their positions rotated in, pair by pair."""
        size = x.shape[-1]
        angle = np.arange(len(x))[:, None] * self.base ** (-np.arange(0, size, 2) / size)
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        even, odd = x[..., 0::2], x[..., 1::2]
        return np.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)

    def attend(self, x: Any, block: str) -> Any:
        """Return what a block's causal attention adds."""
        count, width = x.shape
        size = width // self.heads
        query = self.rotate((x @ self.weight(f"{block}.attn_q").T).reshape(count, self.heads, size))
        key = self.rotate((x @ self.weight(f"{block}.attn_k").T).reshape(count, self.kv_heads, size))
        value = (x @ self.weight(f"{block}.attn_v").T).reshape(count, self.kv_heads, size)
        key, value = (np.repeat(part, self.heads // self.kv_heads, 1) for part in (key, value))
        scores = np.einsum("ihd,jhd->hij", query, key) / np.sqrt(size) + np.triu(
            np.full((count, count), -np.inf), 1
        )
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = np.einsum("hij,jhd->ihd", shares, value).reshape(count, width)
        return mixed @ self.weight(f"{block}.attn_output").T

    def logprobs(self, ids: list[int]) -> Any:
        """Return the log probability of each token but the first."""
        x = self.weight("token_embd")[ids]
        for layer in range(self.value("llama.block_count")):
            block = f"blk.{layer}"
            x = x + self.attend(self.norm(x, f"{block}.attn_norm"), block)
            hidden = self.norm(x, f"{block}.ffn_norm")
            gate = hidden @ self.weight(f"{block}.ffn_gate").T
            up = hidden @ self.weight(f"{block}.ffn_up").T
            x = x + (gate / (1 + np.exp(-gate)) * up) @ self.weight(f"{block}.ffn_down").T
        output = "output" if "output.weight" in self.weights else "token_embd"
        logits = self.norm(x, "output_norm") @ self.weight(output).T
        logits -= logits.max(-1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
        return logits[np.arange(len(ids) - 1), ids[1:]]

    def write(self, path: str) -> None:
        """Write the model with its weights as float32."""
        writer = gguf.GGUFWriter(path, "llama")
        own = ("GGUF.", "general.architecture", "general.file_type", "general.quantization_version")
        for field in self.file.fields.values():
            if not field.name.startswith(own):
                inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
                writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
        for name, weight in self.weights.items():
            writer.add_tensor(name, weight.astype(np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def compare(model: Model, path: str, text: Path) -> None:
    """Print how far the scores of the model in `path` are from the exact ones."""
    command: list[str] = [
        sys.executable,
        "-m",
        "nebius_cli",
        "score",
        "--model-file",
        str(path),
        "--json",
        "--tokens",
        "-f",
        str(text),
    ]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["token_logprobs"]
    marks = str.maketrans({" ": "Ġ", "\n": "Ċ"})
    exact = model.logprobs([model.ids[entry["token"].translate(marks)] for entry in told])
    off = np.array([entry["logprob"] for entry in told[1:]]) - exact
    print(f"{path}: {len(exact)} tokens, exact total {exact.sum():.4f}, nbx {exact.sum() + off.sum():.4f}")
    print(f"  off per token: {abs(off).mean():.5f} on average, {off.mean():+.5f} with its sign,", end=" ")
    print(f"{abs(off).max():.3f} at most")


def main() -> None:
    """Compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model")
    parser.add_argument("text", type=Path)
    parser.add_argument("--float32", metavar="OUT.gguf")
    given = parser.parse_args()
    model = Model(given.model)
    compare(model, given.model, given.text)
    if given.float32:
        model.write(given.float32)
        compare(model, given.float32, given.text)


if __name__ == "__main__":
    main()
