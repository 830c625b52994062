"""Trains the guest's model and writes it to guest/src/classify/model.bin.

    python guest/train/train.py --data DIR        DIR holds wcxb-dev.tar.xz and trafilatura-eval.tar.xz

Prints how good the model is on sites it has not seen: every figure is from models and tables that
were made without the page's site. Same data, same seed, same model.
"""

import argparse
import time
from multiprocessing import get_context
from pathlib import Path

import evaluate
import modelfile
import numpy as np
import tables
from boosting import Forest, sigmoid, train
from corpus import FOLDS, Page, pages
from dumps import GUEST, Dumper, RawPage
from labels import Shares, Vocabulary

KINDS = ["article", "collection", "documentation", "forum", "listing", "product", "service"]
# What a block named by a snippet weighs, where an average block of a page with full truth has 1/3.
SNIPPET_WEIGHT = 1.5


# Score of the first stage, in 255ths, from which on the second is asked: guest/src/classify/mod.rs.
DOUBT = 2


class Training:
    """The stages in order; each sees only what models without the page's site made of the page."""

    def __init__(self, data: Path, work: Path, trees: tuple[int, int]) -> None:
        self.work, self.trees = work, trees
        self.pages = pages(data, work)
        self.fold = np.array([page.fold for page in self.pages])
        self._started = time.monotonic()
        self.dumper = Dumper(self.pages, work)
        self.raw = self.dumper.raw()
        vocabulary = Vocabulary()
        self.words = [[vocabulary.numbers(text) for text in raw.texts] for raw in self.raw]
        self.lengths = [np.array([len(words) for words in page], np.int64) for page in self.words]
        self.references = [vocabulary.numbers(page.reference) for page in self.pages]
        self.labels, self.weights = [], []
        self._known_shares = Shares(work / "labels.npz")
        for at, page in enumerate(self.pages):
            labels, weights = self._labels(page, self.raw[at], at)
            self.labels.append(labels)
            self.weights.append(weights)
        self._known_shares.save()
        self.say("labels")

    def say(self, what: str) -> None:
        print(f"{time.monotonic() - self._started:7.0f} s  {what}", flush=True)

    def _labels(self, page: Page, raw: RawPage, at: int) -> tuple[np.ndarray, np.ndarray]:
        """Shares of content and weights; a weight of zero where nothing is known."""
        if page.reference:
            weights = np.sqrt(self.lengths[at] + 1.0)
            return self._known_shares.of(page, raw, self.words[at], self.references[at]), weights / max(
                1e-9, weights.sum()
            ) * 100
        labels, weights = np.zeros(len(raw.texts), np.float32), np.zeros(len(raw.texts))
        texts = [evaluate.squeeze(text) for text in raw.texts]
        for snippets, label in ((page.must_not_have, 0.0), (page.must_have, 1.0)):
            for snippet in map(evaluate.squeeze, snippets):
                holders = [index for index, text in enumerate(texts) if snippet in text]
                # A snippet that is on the page many times doesn't say which one is meant.
                if label == 0.0 or len(holders) == 1:
                    labels[holders] = label
                    weights[holders] = SNIPPET_WEIGHT
        return labels, weights

    def cross_fit(self, rows: list[np.ndarray], **settings) -> tuple[Forest, list[np.ndarray]]:
        """A forest made of everything, and the chances from forests that never saw the site."""
        chances: list[np.ndarray] = [np.zeros(0, np.uint16)] * len(self.pages)
        self._rows, self._settings = rows, settings
        global training
        training = self
        with get_context("fork").Pool(2) as pool:
            *forests, final = pool.imap(_fit_without, [*range(FOLDS), -1])
        for fold, forest in enumerate(forests):
            for at in np.flatnonzero(self.fold == fold):
                chances[at] = modelfile.chances(forest.predict(rows[at]))
        self.say("forests")
        return final, chances

    def fit_without(self, fold: int) -> Forest:
        return self._fit(self._rows, self.fold != fold, **self._settings)

    def _fit(self, rows: list[np.ndarray], use: np.ndarray, **settings) -> Forest:
        picked = [np.flatnonzero(weights > 0) if use[at] else [] for at, weights in enumerate(self.weights)]
        chosen = [at for at, known in enumerate(picked) if len(known)]
        forest = train(
            np.concatenate([rows[at][picked[at]] for at in chosen]),
            np.concatenate([self.labels[at][picked[at]] for at in chosen]),
            np.concatenate([self.weights[at][picked[at]] for at in chosen]),
            **settings,
        )
        return modelfile.whole_leaves(forest)

    def kinds(self, rows: np.ndarray) -> tuple[list[Forest], np.ndarray]:
        """A forest for each kind against all others, and every page's shares of 255."""
        known = np.array([page.kind is not None for page in self.pages])
        kind = np.array([KINDS.index(page.kind) if page.kind else -1 for page in self.pages])
        chances = np.zeros((len(self.pages), len(KINDS)), np.int64)
        forests = []
        for number in range(len(KINDS)):

            def fit(use: np.ndarray) -> Forest:
                labels = (kind[use] == number).astype(np.float32)
                settings = {"trees": 120, "depth": 3, "rate": 0.1, "l2": 3.0, "columns": 0.3, "sample": 0.7}
                return modelfile.whole_leaves(train(rows[use], labels, np.ones(use.sum()), **settings))

            for fold in range(FOLDS):
                test = self.fold == fold
                chances[test, number] = modelfile.chances(fit(known & ~test).predict(rows[test]))
            forests.append(fit(known))
        totals = np.maximum(1, chances.sum(1, keepdims=True))
        shares = (chances * 255 + totals // 2) // totals
        print(f"kind of page right: {np.mean(shares[known].argmax(1) == kind[known]):.3f}")
        return forests, shares.astype(np.uint8)

    def kept(self, at: int, chances: np.ndarray) -> np.ndarray:
        return chances >= evaluate.lowest_kept(chances, self.lengths[at])

    def f1(self, at: int, keep: np.ndarray) -> float:
        return evaluate.bag_f1(self.words_of(at, keep), self.references[at])

    def words_of(self, at: int, keep: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros(0, np.int32), *(w for w, k in zip(self.words[at], keep) if k)])

    def report(self, title: str, chances: list[np.ndarray]) -> None:
        table, bodies, snippets = evaluate.Table(), evaluate.Table(), evaluate.Table()
        for at, page in enumerate(self.pages):
            keep = self.kept(at, chances[at])
            if page.reference:
                precision, recall = evaluate.shingle_precision_recall(
                    self.words_of(at, keep), self.references[at]
                )
                measures = {
                    "word F1": self.f1(at, keep),
                    "shingle precision": precision,
                    "shingle recall": recall,
                    "of perfect": self.f1(at, self.labels[at] > 0.5),
                }
                table.add(page.kind, **measures)
                if page.kind == "article" and evaluate.is_body_alone(
                    self.raw[at], self.lengths[at], self.labels[at]
                ):
                    bodies.add("body alone", **measures)
            else:
                text = "\n".join(text for text, k in zip(self.raw[at].texts, keep) if k)
                kept, clean = evaluate.kept_and_clean(page, text)
                if kept == kept and clean == clean:
                    snippets.add("snippets", kept=kept, clean=clean)
        print(f"\n{title}\n{table}\narticles that are one element:\n{bodies}\n{snippets}\n", flush=True)

    def run(self, out: Path) -> None:
        tables.write_all(self.pages, self.raw, self.labels, self.work / "tables")
        self.say("tables")
        pattern = str(self.work / "tables/{fold}")
        kind_forests, kinds = self.kinds(self.dumper.features(pattern, None).pages)
        features = self.dumper.features(pattern, kinds)
        names = features.names
        first, chances = self.cross_fit(features.blocks, trees=self.trees[0], rate=0.2)
        self.report("first stage", chances)
        scores = [((chance.astype(np.int64) + 128) // 257).astype(np.uint8) for chance in chances]
        context = self.dumper.context(pattern, scores, len(names[2]))
        both = [np.hstack(pair) for pair in zip(features.blocks, context)]
        self.weights = [weights * (score >= DOUBT) for weights, score in zip(self.weights, scores)]
        second, judged = self.cross_fit(both, trees=self.trees[1], rate=0.08, l2=10.0, sample=0.25)
        chances = self.dumper.settled(pattern, scores, [asked(*pair) for pair in zip(scores, judged)])
        self.report("second stage", chances)
        outcome = self.outcome(kinds, chances, len(names[3]))
        modelfile.write(out, names, self.work / "tables/all", kind_forests, first, second, outcome)
        self.say(f"{out}: {out.stat().st_size:,} bytes")
        np.savez_compressed(self.work / "chances.npz", *chances)

    def outcome(self, kinds: np.ndarray, chances: list[np.ndarray], width: int) -> Forest:
        """Predicts the word F1 of what is kept."""
        rows = self.dumper.outcome(kinds, chances, width)[:, 0]
        known = np.array(
            [bool(page.reference) and len(chance) > 0 for page, chance in zip(self.pages, chances)]
        )
        truth = np.array(
            [self.f1(at, self.kept(at, chances[at])) if known[at] else 0 for at in range(len(known))]
        )
        predicted = np.zeros(len(known))

        def fit(use: np.ndarray) -> Forest:
            settings = {"trees": 150, "depth": 4, "rate": 0.05, "l2": 5.0, "columns": 0.4, "sample": 0.8}
            return modelfile.whole_leaves(train(rows[use], truth[use], np.ones(use.sum()), **settings))

        for fold in range(FOLDS):
            test = known & (self.fold == fold)
            predicted[test] = sigmoid(fit(known & (self.fold != fold)).predict(rows[test]))
        error = np.abs(predicted - truth)[known].mean()
        print(
            f"quality score against word F1: r = {np.corrcoef(predicted[known], truth[known])[0, 1]:.3f}, mean error {error:.3f}"
        )
        return fit(known)


def asked(scores: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """The chances of a page's blocks: as in the guest, the second stage is asked only where the
    first leaves a doubt."""
    return np.where(scores >= DOUBT, judged, scores.astype(np.uint16) * 257)


# What the worker processes work on: inherited, for it is too large to be sent.
training: Training


def _fit_without(fold: int) -> Forest:
    return training.fit_without(fold)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=GUEST.parent.parent / "shared/data", metavar="DIR")
    parser.add_argument(
        "--work", type=Path, default=GUEST / "train/work", metavar="DIR", help="for intermediate files"
    )
    parser.add_argument("--out", type=Path, default=GUEST / "src/classify/model.bin", metavar="FILE")
    parser.add_argument(
        "--trees", type=int, nargs=2, default=(150, 250), metavar="N", help="of the two stages"
    )
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    Training(args.data.resolve(), args.work.resolve(), tuple(args.trees)).run(args.out)


if __name__ == "__main__":
    main()
