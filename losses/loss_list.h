/* Every loss, once: name, needs, whether other rows' texts are its negatives, help. The table, the functions and the
 * gradient check expand this list, so a loss without a check doesn't build. */
TERN_LOSS(infonce, TERN_NEEDS_POSITIVE, 1, "in-batch softmax with a temperature")
TERN_LOSS(multiple_negatives_ranking, TERN_NEEDS_POSITIVE, 1, "in-batch softmax with a scale; explicit negatives too")
TERN_LOSS(triplet, TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE, 0, "the positive nearer than the negative by a margin")
