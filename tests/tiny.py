"""Real models small enough for a test: random weights of a fixed seed, saved to disk.

They load as any model of their kind does, and rank, though by nothing one could name.
"""

import string
from pathlib import Path
from typing import Any

WORDS = "the a of in was with and ferry ferries bridge lamp storm frost apples".split()
"""Beyond single characters, so that a text is not all one-letter tokens."""

SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 256,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    # Wide enough that random weights tell texts apart.
    "initializer_range": 0.5,
}


def _vocabulary(folder: Path) -> Path:
    characters = string.ascii_lowercase + string.digits + string.punctuation
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = [*marks, *characters, *(f"##{c}" for c in characters), *WORDS]
    path = folder / "vocab.txt"
    path.write_text("\n".join(dict.fromkeys(tokens)), "utf-8")
    return path


def _tokenizer(folder: Path) -> Any:
    from transformers import BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary(folder)
    rows = vocabulary.read_text("utf-8").splitlines()
    return BertTokenizer(
        vocab={token: i for i, token in enumerate(rows)}, model_max_length=256
    )


def cross_encoder(folder: Path, *, seed: int = 1, labels: int = 1) -> Path:
    """Save a tiny CrossEncoder: BERT with `labels` outputs."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    tokenizer = _tokenizer(folder)
    torch.manual_seed(seed)
    config = BertConfig(vocab_size=len(tokenizer), **SHAPE)
    config.num_labels = labels
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def encoder(folder: Path, *, seed: int = 1) -> Path:
    """Save a tiny sentence encoder as all-mpnet-base-v2 is made: MPNet, the mean of its
    tokens, unit length.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
    from transformers import MPNetConfig, MPNetModel

    parts = folder.with_name(f"{folder.name}-parts")
    tokenizer = _tokenizer(parts)
    torch.manual_seed(seed)
    MPNetModel(MPNetConfig(vocab_size=len(tokenizer), **SHAPE)).save_pretrained(parts)
    tokenizer.save_pretrained(parts)
    word = Transformer(str(parts), max_seq_length=200)
    pooling = Pooling(word.get_embedding_dimension(), pooling_mode="mean")
    made = SentenceTransformer(modules=[word, pooling, Normalize()], device="cpu")
    made.save(str(folder), create_model_card=False)
    return folder
