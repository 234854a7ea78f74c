/* Every loss, once: name, needs, whether other rows' texts are its negatives, help. The table, the functions and the
 * gradient check expand this list, so a loss without a check doesn't build. */
TERN_LOSS(infonce, TERN_NEEDS_POSITIVE, 1, "in-batch softmax with a temperature")
TERN_LOSS(multiple_negatives_ranking, TERN_NEEDS_POSITIVE, 1, "in-batch softmax with a scale; explicit negatives too")
TERN_LOSS(simcse, TERN_NEEDS_TWICE | TERN_NEEDS_SEVERAL, 1,
          "in-batch softmax of each text with itself under another dropout")
TERN_LOSS(guided, TERN_NEEDS_POSITIVE | TERN_NEEDS_GUIDE, 1, "in-batch softmax without what a guide finds too near")
TERN_LOSS(mega_batch_margin, TERN_NEEDS_POSITIVE, 1, "margins for the positive and for the batch's hardest negative")
TERN_LOSS(triplet, TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE, 0, "the positive nearer than the negative by a margin")
TERN_LOSS(batch_all_triplet, TERN_NEEDS_LABEL | TERN_NEEDS_SEVERAL, 0, "all triplets that the batch's labels make")
TERN_LOSS(batch_hard_triplet, TERN_NEEDS_LABEL | TERN_NEEDS_SEVERAL, 0,
          "each text's farthest of its label and nearest of another")
TERN_LOSS(batch_semi_hard_triplet, TERN_NEEDS_LABEL | TERN_NEEDS_SEVERAL, 0,
          "each pair of a label with the nearest farther negative")
TERN_LOSS(batch_hard_soft_margin_triplet, TERN_NEEDS_LABEL | TERN_NEEDS_SEVERAL, 0,
          "batch_hard_triplet with log(1 + exp) for a margin")
TERN_LOSS(contrastive, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE, 0, "pairs of label 1 near, of label 0 a margin apart")
TERN_LOSS(online_contrastive, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE | TERN_NEEDS_SEVERAL, 0,
          "contrastive over the batch's hard pairs alone")
TERN_LOSS(cosine_similarity, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE, 0, "squared error of the cosine against the score")
TERN_LOSS(cosent, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE | TERN_NEEDS_SEVERAL, 0, "cosines in the order of the scores")
TERN_LOSS(angle, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE, 0, "angles of complex halves in the order of the scores")
TERN_LOSS(softmax, TERN_NEEDS_POSITIVE | TERN_NEEDS_LABEL, 0,
          "a classifier of the pair's label, learned with the model")
TERN_LOSS(margin_mse, TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE | TERN_NEEDS_TEACHER, 0,
          "squared error of positive minus negative against a teacher's")
TERN_LOSS(distill_kl_div, TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE | TERN_NEEDS_TEACHER, 0,
          "a teacher's distribution over the row's candidates")
TERN_LOSS(embedding_mse, TERN_NEEDS_TEACHER_VECTORS, 0, "squared error against a teacher's vectors")
TERN_LOSS(embedding_cosine, TERN_NEEDS_TEACHER_VECTORS, 0, "cosine distance to a teacher's vectors")
TERN_LOSS(global_orthogonal, TERN_NEEDS_SEVERAL, 0,
          "different rows' texts spread over the sphere; to be added to another loss")
