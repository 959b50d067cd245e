"""The same failing in another report: Tocsin beside TF-IDF, BM25 and plain embeddings, on passages kept out of all fitting."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml
from scipy.stats import rankdata

from tocsin.learn import link, similarity
from tocsin.learn.encoders import Shipped
from tocsin.learn.words import stems, tfidf, weights_of

Measure = Callable[[list[str]], np.ndarray]


def held_out() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Passages, their failings, their reports."""
    data = yaml.safe_load((Path(__file__).parent / "data/learn-heldout.yaml").read_text("utf-8"))
    rows = [(text, failing, report["id"]) for report in data["reports"] for row in report["passages"] for failing, text in row.items()]
    texts, failings, reports = zip(*rows, strict=True)
    return list(texts), np.array(failings), np.array(reports)


def pairwise_auc(scores: np.ndarray, failings: np.ndarray, reports: np.ndarray) -> float:
    """Chance that a pair of one failing scores above a pair of two failings; pairs from different reports only."""
    i, j = np.triu_indices(len(failings), 1)
    apart = reports[i] != reports[j]
    i, j = i[apart], j[apart]
    same, ranks = failings[i] == failings[j], rankdata(scores[i, j])
    n = int(same.sum())
    return float((ranks[same].sum() - n * (n + 1) / 2) / (n * (len(same) - n)))


def recall_at(scores: np.ndarray, failings: np.ndarray, reports: np.ndarray, k: int = 5) -> tuple[float, float]:
    """Mean share of the same failing's passages in other reports found among the first k (of at most k); and share of queries with any."""
    shares, hits = [], []
    for q in range(len(failings)):
        others = np.flatnonzero(reports != reports[q])
        right = failings[others] == failings[q]
        if right.any():
            found = right[np.argsort(-scores[q, others], kind="stable")[:k]].sum()
            shares.append(found / min(k, right.sum()))
            hits.append(found > 0)
    return float(np.mean(shares)), float(np.mean(hits))


def bm25(texts: list[str], k1: float = 1.2, b: float = 0.75) -> np.ndarray:
    """Okapi BM25 of each passage as a query for each, made symmetric."""
    docs = [stems(t) for t in texts]
    vocabulary = {w: i for i, w in enumerate(sorted({w for d in docs for w in d}))}
    counts = np.zeros((len(docs), len(vocabulary)))
    for i, doc in enumerate(docs):
        for word in doc:
            counts[i, vocabulary[word]] += 1
    df = (counts > 0).sum(axis=0)
    idf = np.log(1 + (len(docs) - df + 0.5) / (df + 0.5))
    length = counts.sum(axis=1, keepdims=True)
    weight = idf * counts * (k1 + 1) / (counts + k1 * (1 - b + b * length / length.mean()))
    scores = (counts > 0) @ weight.T
    return scores + scores.T


def bench_learn() -> None:
    """Pairwise AUC and recall@5 side by side, and passages a minute."""
    texts, failings, reports = held_out()
    raw = Shipped().encode(texts)
    words = tfidf(texts, weights_of(texts), {})
    measures = {
        "TF-IDF": (words @ words.T).toarray(),
        "BM25": bm25(texts),
        "plain e5": raw[:, 384:] @ raw[:, 384:].T,
        "plain MiniLM": raw[:, :384] @ raw[:, :384].T,
        "Tocsin": similarity(texts, texts),
    }
    print(f"learn: {len(texts)} held-out passages of {len(set(reports))} invented reports, {len(set(failings))} failings")
    for name, scores in measures.items():
        share, hit = recall_at(scores, failings, reports)
        print(f"learn: {name:13s} AUC {pairwise_auc(scores, failings, reports):.3f}, recall@5 {share:.3f}, any of the first 5 {hit:.3f}")
    began = time.perf_counter()
    proposed = link(texts)
    taken = time.perf_counter() - began
    first = np.mean([p[0].failing == f for p, f in zip(proposed, failings, strict=True)])
    third = np.mean([f in {x.failing for x in p} for p, f in zip(proposed, failings, strict=True)])
    said = np.mean([p[0].score for p in proposed])
    print(f"learn: linked to the right failing first {first:.3f}, among three {third:.3f}; mean probability given to the first {said:.3f}")
    print(f"learn: {60 * len(texts) / taken:,.0f} passages a minute linked, {np.mean([len(t.split()) for t in texts]):.0f} words each")


if __name__ == "__main__":
    bench_learn()
