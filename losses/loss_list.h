/* Every loss, once: name, needs, whether other rows' texts are its negatives, help. The table, the functions and the
 * gradient check expand this list, so a loss without a check doesn't build. */
TERN_LOSS(infonce, TERN_NEEDS_POSITIVE, 1, "in-batch softmax with a temperature")
TERN_LOSS(multiple_negatives_ranking, TERN_NEEDS_POSITIVE, 1, "in-batch softmax with a scale; explicit negatives too")
TERN_LOSS(simcse, TERN_NEEDS_TWICE | TERN_NEEDS_SEVERAL, 1,
          "in-batch softmax of each text against itself under another dropout")
TERN_LOSS(guided, TERN_NEEDS_POSITIVE | TERN_NEEDS_GUIDE, 1,
          "in-batch softmax without the candidates that a guide finds too near")
TERN_LOSS(mega_batch_margin, TERN_NEEDS_POSITIVE, 1,
          "the positive, and the batch's hardest negative, each held to a margin")
TERN_LOSS(triplet, TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE, 0, "the positive nearer than the negative by a margin")
TERN_LOSS(batch_all_triplet, TERN_NEEDS_LABEL | TERN_NEEDS_SEVERAL, 0, "every triplet that the batch's labels allow")
TERN_LOSS(batch_hard_triplet, TERN_NEEDS_LABEL | TERN_NEEDS_SEVERAL, 0,
          "for each text the farthest of its label and the nearest of another")
TERN_LOSS(batch_semi_hard_triplet, TERN_NEEDS_LABEL | TERN_NEEDS_SEVERAL, 0,
          "for each pair of a label the nearest negative beyond the positive")
TERN_LOSS(batch_hard_soft_margin_triplet, TERN_NEEDS_LABEL | TERN_NEEDS_SEVERAL, 0,
          "batch_hard_triplet with log(1 + exp(x)) in place of a margin")
TERN_LOSS(contrastive, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE, 0,
          "pairs of score 1 pulled together, of score 0 pushed a margin apart")
TERN_LOSS(online_contrastive, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE | TERN_NEEDS_SEVERAL, 0,
          "contrastive over the batch's hard pairs only")
TERN_LOSS(cosine_similarity, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE, 0,
          "squared error between the cosine and the score")
TERN_LOSS(cosent, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE | TERN_NEEDS_SEVERAL, 0, "cosines ranked as the scores are")
TERN_LOSS(angle, TERN_NEEDS_POSITIVE | TERN_NEEDS_SCORE, 0, "angles in complex space ranked as the scores are (AnglE)")
TERN_LOSS(softmax, TERN_NEEDS_POSITIVE | TERN_NEEDS_LABEL, 0,
          "a classifier of the pair's label, trained with the model")
TERN_LOSS(margin_mse, TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE | TERN_NEEDS_TEACHER, 0,
          "squared error of the margin, positive minus negative, against a teacher's")
TERN_LOSS(distill_kl_div, TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE | TERN_NEEDS_TEACHER, 0,
          "a teacher's distribution over the row's candidates")
TERN_LOSS(embedding_mse, TERN_NEEDS_TEACHER_VECTORS, 0, "squared error against a teacher's vectors")
TERN_LOSS(embedding_cosine, TERN_NEEDS_TEACHER_VECTORS, 0, "cosine distance to a teacher's vectors")
TERN_LOSS(global_orthogonal, TERN_NEEDS_SEVERAL, 0,
          "spreads texts of different rows over the sphere; added to another loss")
