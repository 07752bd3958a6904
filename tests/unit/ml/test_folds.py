"""Folds: entities stay whole, churners are spread, and the deal hangs on neither order nor chance."""

import numpy as np

from ml.folds import stratified_folds

ENTITY = np.repeat([f"C{number:03d}" for number in range(100)], 3)
CHURNED = (np.arange(300) % 30 == 0).astype(float)  # ten entities with one churned row each


def test_an_entity_stays_in_one_fold() -> None:
    fold = stratified_folds(ENTITY, CHURNED, 5)

    assert all(len(set(fold[entity == ENTITY])) == 1 for entity in set(ENTITY))


def test_folds_hold_as_many_entities_and_churners_each() -> None:
    fold = stratified_folds(ENTITY, CHURNED, 5)

    assert np.bincount(fold).tolist() == [60] * 5
    assert np.bincount(fold, CHURNED).tolist() == [2.0] * 5


def test_folds_do_not_hang_on_the_order_of_the_rows() -> None:
    order = np.random.default_rng(2).permutation(300)

    shuffled = stratified_folds(ENTITY[order], CHURNED[order], 5)

    assert (shuffled == stratified_folds(ENTITY, CHURNED, 5)[order]).all()
    assert (stratified_folds(ENTITY, CHURNED, 5, seed=21) != stratified_folds(ENTITY, CHURNED, 5)).any()
