"""passages with their vectors -> the index of each peer, in the way it has for that.

Like `build` of each (`systems`), and opened by the same `open`; nothing is encoded.
Passages come a batch at a time, so that a corpus need not fit into memory twice.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers.systems import DIMENSIONS, TOP, Chroma, Langchain, Llamaindex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Batch = tuple[list[dict[str, str]], NDArray[np.float32]]
    """Rows with `id` and `text`, and their vectors."""

LARGE = 1_000_000
"""Rows from which LanceDB's manual advises an index of vectors."""


def txtai(batches: Iterable["Batch"], folder: Path) -> None:
    """Vectors of an external transform, which is asked for those of texts as they come;
    `Txtai.open` then names the model that encodes questions.
    """
    from collections import deque

    from txtai import Embeddings

    waiting: deque[Any] = deque()

    def rows() -> Iterator[tuple[str, str, None]]:
        for own, vectors in batches:
            for row, vector in zip(own, vectors, strict=True):
                waiting.append(vector)
                yield row["id"], row["text"], None

    def transform(texts: list[str]) -> Any:  # noqa: ANN401
        import numpy as np

        return np.stack([waiting.popleft() for _ in texts])

    index = Embeddings(
        method="external", transform=transform, hybrid=True, content=True
    )
    index.index(rows())
    assert not waiting
    index.save(str(folder))


def llamaindex(batches: Iterable["Batch"], folder: Path) -> None:
    """Nodes that have an embedding."""
    import faiss
    from llama_index.core import StorageContext, VectorStoreIndex
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever
    from llama_index.vector_stores.faiss import FaissVectorStore

    Llamaindex()  # settings
    store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(DIMENSIONS))
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex([], storage_context=context, show_progress=False)
    for rows, vectors in batches:
        index.insert_nodes(
            [
                TextNode(id_=row["id"], text=row["text"], embedding=vector)
                for row, vector in zip(rows, vectors.tolist(), strict=True)
            ]
        )
    index.storage_context.persist(persist_dir=str(folder / "vectors"))
    worded = BM25Retriever.from_defaults(docstore=index.docstore, similarity_top_k=TOP)
    worded.persist(str(folder / "words"))


def langchain(batches: Iterable["Batch"], folder: Path) -> None:
    """Pairs of text and embedding."""
    from langchain_community.vectorstores import FAISS
    from langchain_core.documents import Document

    encoder = Langchain().encoder
    store: Any = None
    documents = []
    for rows, vectors in batches:
        texts = [row["text"] for row in rows]
        told = [{"id": row["id"]} for row in rows]
        pairs = zip(texts, vectors, strict=True)
        if store is None:
            store = FAISS.from_embeddings(pairs, encoder, metadatas=told)
        else:
            store.add_embeddings(pairs, metadatas=told)
        documents += [
            Document(page_content=text, metadata=one)
            for text, one in zip(texts, told, strict=True)
        ]
    store.save_local(str(folder))
    with (folder / "rows.pickle").open("wb") as file:
        pickle.dump(documents, file)


def haystack(batches: Iterable["Batch"], folder: Path) -> None:
    """Documents that have an embedding."""
    from haystack import Document
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    for rows, vectors in batches:
        store.write_documents(
            [
                Document(id=row["id"], content=row["text"], embedding=vector)
                for row, vector in zip(rows, vectors.tolist(), strict=True)
            ]
        )
    store.save_to_disk(str(folder / "store.json"))


def chroma(batches: Iterable["Batch"], folder: Path) -> None:
    """Embeddings beside documents."""
    made = Chroma().collection(folder)
    for rows, vectors in batches:
        made.add(
            ids=[row["id"] for row in rows],
            documents=[row["text"] for row in rows],
            embeddings=vectors,
        )


def lancedb(batches: Iterable["Batch"], folder: Path) -> None:
    """A column of vectors; with an index of them where its manual advises one."""
    import lancedb as peer
    import pyarrow as pa  # type: ignore[import-not-found]
    from lancedb.index import IvfPq

    def table(batch: "Batch") -> Any:  # noqa: ANN401
        rows, vectors = batch
        flat = pa.array(vectors.ravel())
        columns = {
            "id": [row["id"] for row in rows],
            "text": [row["text"] for row in rows],
            "vector": pa.FixedSizeListArray.from_arrays(flat, DIMENSIONS),
        }
        return pa.record_batch(columns)

    each = map(table, batches)
    first = next(each)
    made: Any = peer.connect(str(folder)).create_table(
        "rows", chain([first], each), schema=first.schema
    )
    made.create_fts_index("text", replace=True)
    if made.count_rows() >= LARGE:
        made.create_index("vector", config=IvfPq(distance_type="cosine"))


TAKING: dict[str, Callable[[Iterable["Batch"], Path], None]] = {
    "txtai": txtai,
    "llamaindex": llamaindex,
    "langchain": langchain,
    "haystack": haystack,
    "chroma": chroma,
    "lancedb": lancedb,
}
