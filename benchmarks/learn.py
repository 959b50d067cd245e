"""The same failing in another report: Tocsin beside TF-IDF, BM25 and plain embeddings, on passages kept out of all fitting; and how well
reports are read, and whether the test for a change keeps its promises."""

import time
from collections.abc import Callable
from html import escape
from pathlib import Path

import numpy as np
import yaml
from scipy.stats import rankdata
from weasyprint import HTML

from benchmarks.learn_change import bench_change
from benchmarks.learn_reading import bench_reading
from tocsin.learn import encoders, link, read, similarity
from tocsin.learn.encoders import Shipped
from tocsin.learn.register import register
from tocsin.learn.words import stems, tfidf, weights_of

Measure = Callable[[np.ndarray], float]


def held_out() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Passages, their failings, their reports."""
    data = yaml.safe_load((Path(__file__).parent / "data/learn-heldout.yaml").read_text("utf-8"))
    rows = [(text, failing, report["id"]) for report in data["reports"] for row in report["passages"] for failing, text in row.items()]
    texts, failings, reports = zip(*rows, strict=True)
    return list(texts), np.array(failings), np.array(reports)


def shipped_register() -> tuple[list[str], np.ndarray, np.ndarray]:
    """The items of the shipped register, the failings by which each was coded by hand, their reports. They are in no fit."""
    rows = [(item.text, item.failings, report.id) for report in register().reports for item in report.items]
    names = sorted({failing for _, failings, _ in rows for failing in failings})
    coded = np.array([[name in failings for name in names] for _, failings, _ in rows])
    return [text for text, _, _ in rows], coded, np.array([report for _, _, report in rows])


def same(coded: np.ndarray) -> np.ndarray:
    """Which pairs share a failing: (n, n). coded: one failing for each, or a row of them."""
    return coded[:, None] == coded[None] if coded.ndim == 1 else (coded.astype(np.float32) @ coded.T.astype(np.float32)) > 0


def pairwise_auc(scores: np.ndarray, alike: np.ndarray, reports: np.ndarray) -> float:
    """Chance that a pair that shares a failing scores above a pair that does not; pairs from different reports only."""
    i, j = np.triu_indices(len(reports), 1)
    apart = reports[i] != reports[j]
    i, j = i[apart], j[apart]
    yes, ranks = alike[i, j], rankdata(scores[i, j])
    n = int(yes.sum())
    return float((ranks[yes].sum() - n * (n + 1) / 2) / (n * (len(yes) - n)))


def recall_at(scores: np.ndarray, alike: np.ndarray, reports: np.ndarray, k: int = 5) -> tuple[float, float]:
    """Mean share of the same failing's passages in other reports found among the first k (of at most k); and share of queries with any."""
    shares, hits = [], []
    for q in range(len(reports)):
        others = np.flatnonzero(reports != reports[q])
        right = alike[q, others]
        if right.any():
            found = right[np.argsort(-scores[q, others], kind="stable")[:k]].sum()
            shares.append(found / min(k, right.sum()))
            hits.append(found > 0)
    return float(np.mean(shares)), float(np.mean(hits))


def interval(measure: Measure, reports: np.ndarray, times: int) -> tuple[float, float]:
    """95 % bootstrap interval of a figure, whole reports drawn with replacement, since passages of one report are not independent."""
    rng = np.random.default_rng(2026)
    members = [np.flatnonzero(reports == name) for name in np.unique(reports)]
    drawn = [measure(np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])) for _ in range(times)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


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


def compare(name: str, texts: list[str], coded: np.ndarray, reports: np.ndarray, times: int) -> None:
    """Pairwise AUC and recall@5 side by side, with the interval of Tocsin's and of how far it is above the best other."""
    encoders._kept.clear()
    raw = Shipped(adapted=False).encode(texts)
    words = tfidf(texts, weights_of(texts), {})
    measures = {
        "TF-IDF": (words @ words.T).toarray(),
        "BM25": bm25(texts),
        "plain e5": raw[:, 384:] @ raw[:, 384:].T,
        "plain MiniLM": raw[:, :384] @ raw[:, :384].T,
        "Tocsin": similarity(texts, texts),
    }
    alike = same(coded)
    aucs = {other: pairwise_auc(scores, alike, reports) for other, scores in measures.items()}
    for other, scores in measures.items():
        share, hit = recall_at(scores, alike, reports)
        print(f"learn: {name}: {other:13s} AUC {aucs[other]:.3f}, recall@5 {share:.3f}, any of the first 5 {hit:.3f}")
    best = max((other for other in aucs if other != "Tocsin"), key=lambda other: aucs[other])

    def auc(of: str, rows: np.ndarray) -> float:
        return pairwise_auc(measures[of][np.ix_(rows, rows)], alike[np.ix_(rows, rows)], reports[rows])

    low, high = interval(lambda rows: auc("Tocsin", rows), reports, times)
    above, below = interval(lambda rows: auc("Tocsin", rows) - auc(best, rows), reports, times)
    print(f"learn: {name}: Tocsin's AUC, 95 % bootstrap by report {low:.3f} to {high:.3f}; above {best} by {above:.3f} to {below:.3f}")


def bench_learn() -> None:
    """Everything that the docs say of the room in figures."""
    texts, failings, reports = held_out()
    print(f"learn: {len(texts)} held-out passages of {len(set(reports))} invented reports, {len(set(failings))} failings")
    compare("held out", texts, failings, reports, 200)
    items, coded, sources = shipped_register()
    print(f"learn: {len(items)} items of the shipped register, {len(set(sources))} reports, {coded.shape[1]} failings, coded by hand")
    compare("register", items, coded, sources, 60)
    encoders._kept.clear()
    began = time.perf_counter()
    proposed = link(texts)
    taken = time.perf_counter() - began
    first = np.mean([p[0].failing == f for p, f in zip(proposed, failings, strict=True)])
    third = np.mean([f in {x.failing for x in p} for p, f in zip(proposed, failings, strict=True)])
    said = np.mean([p[0].score for p in proposed])
    print(f"learn: linked to the right failing first {first:.3f}, among three {third:.3f}; mean probability given to the first {said:.3f}")
    print(f"learn: {60 * len(texts) / taken:,.0f} passages a minute linked, {np.mean([len(t.split()) for t in texts]):.0f} words each")
    bench_pdf(texts)
    bench_reading()
    bench_change()


def bench_pdf(texts: list[str]) -> None:
    """From a PDF to passages with their failings: passages a minute, as the worker does it."""
    page = "".join(f"<p>{escape(text)}</p>" for text in texts)
    data = HTML(string=f"<html><body>{page}</body></html>").write_pdf()
    encoders._kept.clear()
    began = time.perf_counter()
    passages = read(data).passages
    link([p.text for p in passages])
    taken = time.perf_counter() - began
    print(f"learn: {60 * len(passages) / taken:,.0f} passages a minute read from a PDF and linked, all {len(passages)} of them")


if __name__ == "__main__":
    bench_learn()
