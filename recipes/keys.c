#include "recipes/keys.h"

/* What fields are in; each scope's rows have their own. */
#define SCOPE     TERN_SCOPE_RECIPE
#define AT(field) offsetof(tern_recipe, field)

#define NUMBER(kind, path, field, least, most, fallback, flags, help)                                                  \
    {                                                                                                                  \
        path, SCOPE, TERN_KEY_##kind, AT(field), least, most, NULL, fallback, flags, help                              \
    }
#define BOOL(path, field, fallback, flags, help)                                                                       \
    {                                                                                                                  \
        path, SCOPE, TERN_KEY_BOOL, AT(field), 0, 1, NULL, fallback, flags, help                                       \
    }
#define CHOICE(kind, path, field, choices, fallback, flags, help)                                                      \
    {                                                                                                                  \
        path, SCOPE, TERN_KEY_##kind, AT(field), 0, 0, choices, fallback, flags, help                                  \
    }
#define TEXT(kind, path, field, fallback, flags, help)                                                                 \
    {                                                                                                                  \
        path, SCOPE, TERN_KEY_##kind, AT(field), 0, 0, NULL, fallback, flags, help                                     \
    }

/* The keys that every data set has. */
#define DATA(set, in, split_help)                                                                                      \
    TEXT(INPUT, "data." #set ".beir", in.beir, NULL, 0,                                                                \
         "A folder in BEIR form: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv."),                                      \
        TEXT(TEXT, "data." #set ".split", in.split, #set, TERN_KEY_BEIR, split_help),                                  \
        TEXT(INPUT, "data." #set ".file", in.file, NULL, 0,                                                            \
             "Instead of beir: a JSONL, CSV or TSV file, told apart by its ending; CSV and TSV have a header line."),  \
        TEXT(TEXT, "data." #set ".anchor", in.anchor, NULL, TERN_KEY_FILE,                                             \
             "The column of file that holds the anchor; \"anchor\" when not given."),                                  \
        TEXT(TEXT, "data." #set ".positive", in.positive, NULL, TERN_KEY_FILE,                                         \
             "The column that holds the positive; \"positive\" when not given."),                                      \
        TEXT(TEXT, "data." #set ".negative", in.negative, NULL, TERN_KEY_FILE,                                         \
             "The column that holds the negative; \"negative\" when not given. Further ones are NAME_1, NAME_2, .. "   \
             "(or NAME1, ..)."),                                                                                       \
        TEXT(TEXT, "data." #set ".score", in.score, NULL, TERN_KEY_FILE,                                               \
             "The column that holds a number, or a list of them; \"score\" when not given."),                          \
        NUMBER(RANGE, "data." #set ".score_range", in.score_range, -1e9, 1e9, NULL, TERN_KEY_FILE,                     \
               "Scores between these two become numbers between 0 and 1.")

/* Exact in a double, so that ranges can be doubles. */
#define LARGE 9007199254740991.0

const tern_key_row tern_key_rows[] = {
    TEXT(MODEL, "model", model, NULL, 0,
         "The base model: a folder, or a name that the cache knows. Either this or scratch is required."),
    NUMBER(INT, "scratch.layers", scratch.layers, 1, 1000, "6", TERN_KEY_SCRATCH,
           "Instead of model: a BERT with random weights, of so many layers."),
    NUMBER(INT, "scratch.width", scratch.width, 1, 65536, "384", TERN_KEY_SCRATCH,
           "Components of a hidden vector; a multiple of heads."),
    NUMBER(INT, "scratch.heads", scratch.heads, 1, 1024, "12", TERN_KEY_SCRATCH, "Attention heads."),
    NUMBER(INT, "scratch.intermediate", scratch.intermediate, 1, 1048576, "=4 x width", TERN_KEY_SCRATCH,
           "Width inside the feed-forward block."),
    NUMBER(INT, "scratch.max_positions", scratch.max_positions, 3, 1048576, "512", TERN_KEY_SCRATCH,
           "The longest text in tokens, special ones included."),
    BOOL("scratch.lower_case", scratch.lower_case, "true", TERN_KEY_SCRATCH,
         "Whether texts are put in lower case and lose their accents."),
    TEXT(INPUT, "scratch.vocab", scratch.vocab, NULL, 0,
         "A WordPiece vocabulary, one token a line. Required with scratch."),

    TEXT(TEXT, "prompts.query", prompts.query, NULL, 0,
         "Put before every query (anchor) in training, and exported with the model; the base's own prompt when not "
         "given, \"\" for none."),
    TEXT(TEXT, "prompts.document", prompts.document, NULL, 0, "The same for documents (positives and negatives)."),

    CHOICE(CHOICE, "data.mixing", data.mixing, "proportional|round_robin|weighted|temperature", "proportional", 0,
           "Which of several data sets gives the next batch: every batch of each once an epoch; one after the other "
           "until the smallest is used up; by their weights; or by size^mixing_alpha."),
    NUMBER(REAL, "data.mixing_alpha", data.mixing_alpha, 0, 1, "0.5", 0,
           "With mixing: temperature: 1 is by size, 0 all alike."),

#undef SCOPE
#undef AT
#define SCOPE     TERN_SCOPE_SOURCE
#define AT(field) offsetof(tern_recipe_source, field)
    DATA(train, data, "Whose judgements to train on: the file qrels/SPLIT.tsv."),
    TEXT(TEXT, "data.train.label", data.label, NULL, TERN_KEY_FILE,
         "The column that holds a label; \"label\" when not given."),
    {"data.train.positives", SCOPE, TERN_KEY_GRADE, AT(data.min_grade), 1, 1000000, ">=", ">=1", TERN_KEY_BEIR,
     "Which grades are positives. Grade 0 never is."},
    {"data.train.negatives.judged", SCOPE, TERN_KEY_GRADE, AT(data.negatives.judged), -1000000, 1000000, "<=", NULL,
     TERN_KEY_BEIR,
     "Documents that the judgements grade so for a row's query are its negatives, per_row of them drawn anew each "
     "epoch. A document judged above that is never one, nor is another with the same text."},
    NUMBER(INT, "data.train.negatives.per_row", data.negatives.per_row, 1, 64, NULL, TERN_KEY_BEIR,
           "How many are drawn for each row; required with negatives.judged. A row with fewer has fewer."),
    NUMBER(
        INT, "data.train.negatives_per_row", data.negatives_per_row, 1, 64, NULL, TERN_KEY_FILE,
        "How many of a row's negatives are used an epoch, drawn anew each time. A row with fewer has fewer. When not "
        "given, all are used, and each row must have the same number."),
    NUMBER(INT, "data.train.positives_per_query", data.positives_per_query, 0, LARGE, "0", 0,
           "How many of a query's positives are used an epoch, drawn anew each time; 0: all."),
    NUMBER(INT, "data.train.per_label", per_label, 0, 1000, "0", 0,
           "2 or more: so many rows of one label come together in a batch, as the batch_* triplet losses need; 0: no "
           "care is taken."),
    TEXT(TEXT, "data.train.name", name, NULL, 0, "What logs call it; the file's or folder's own name when not given."),
    TEXT(TEXT, "data.train.prompts.query", prompts.query, NULL, 0,
         "Put before every query (anchor) of this data set; prompts.query when not given."),
    TEXT(TEXT, "data.train.prompts.document", prompts.document, NULL, 0, "The same for its documents."),
    NUMBER(REAL, "data.train.weight", weight, 1e-6, 1e6, "1", 0, "With mixing: weighted: its part of the batches."),
    NUMBER(INT, "data.train.batch_size", batch_size, 1, 1048576, "=train.batch_size", 0, "Rows a step from it."),
#undef SCOPE
#undef AT
#define SCOPE     TERN_SCOPE_RECIPE
#define AT(field) offsetof(tern_recipe, field)

    DATA(dev, data.dev, "Whose judgements choose the best checkpoint."),
    BOOL("data.dev.exclude_same_id", data.dev.exclude_same_id, "false", TERN_KEY_BEIR,
         "Leave out of a query's ranking the document with the query's own id."),
    DATA(test, data.test,
         "Whose judgements give the base and tuned scores at the end. Without data.test there are none."),
    BOOL("data.test.exclude_same_id", data.test.exclude_same_id, "false", TERN_KEY_BEIR,
         "Leave out of a query's ranking the document with the query's own id."),
    CHOICE(CHOICE, "data.invalid_utf8", data.invalid_utf8_replace, "refuse|replace", "refuse", 0,
           "Bytes that are not UTF-8 are an error with file and line, or become U+FFFD."),

#undef SCOPE
#undef AT
#define SCOPE     TERN_SCOPE_LOSS
#define AT(field) offsetof(tern_recipe_loss, field)
    TEXT(TEXT, "loss.name", name, NULL, 0,
         "One of docs/losses.md, such as multiple_negatives_ranking, triplet or cosent. Required; loss: NAME alone is "
         "enough."),
    NUMBER(REAL, "loss.weight", weight, 1e-6, 1e6, "1", 0, "What it counts in a sum of losses."),
    NUMBER(REAL, "loss.scale", scale, 1e-6, 1e6, "=the loss's own: 20 for most, 1 with dot products", 0,
           "In-batch losses, cosent and angle: similarities are multiplied by it."),
    NUMBER(REAL, "loss.temperature", temperature, 1e-6, 1e6, NULL, TERN_KEY_FOLDED,
           "Instead of scale: similarities are divided by it."),
    BOOL("loss.learned_scale", learned_scale, "false", 0,
         "In-batch losses: the scale is learned with the model, at most 100; scale is where it begins."),
    BOOL("loss.symmetric", symmetric, "false", 0,
         "In-batch losses: the mean of query to document and document to query."),
    CHOICE(CHOICES, "loss.directions", directions, "query_to_doc|doc_to_query|query_to_query|doc_to_doc",
           "=query_to_doc", 0, "In-batch losses: who is held against whom; instead of symmetric."),
    BOOL("loss.joint", joint, "false", 0, "One softmax over all directions, not one for each."),
    CHOICE(CHOICE, "loss.hardness", hardness, "none|in_batch|hard|all", "none", 0,
           "Whose logits are raised the nearer they are: other rows' candidates, the row's own negatives, or both."),
    NUMBER(REAL, "loss.hardness_strength", hardness_strength, 0, 1e6, "0", 0,
           "How much; required with hardness. 9 for in_batch (Lan et al. 2025) and 5 for hard (Schechter Vera et al. "
           "2025) are known to work."),
    TEXT(MODEL, "loss.guide", guide, NULL, 0,
         "guided: the model that tells which candidates are no negatives: a folder, or a name that the cache knows."),
    BOOL("loss.relative_margin", relative_margin, "false", 0,
         "guided: the margin is a part of the positive's similarity."),
    BOOL("loss.contrast_anchors", contrast_anchors, "true", 0, "guided: other anchors are candidates."),
    BOOL("loss.contrast_positives", contrast_positives, "true", 0, "guided: positives are candidates for one another."),
    TEXT(MODEL, "loss.teacher", teacher, NULL, 0,
         "Distillation: the model to learn from; scores in the data are not looked at then."),
    NUMBER(REAL, "loss.student_temperature", student_temperature, 1e-6, 1e6, "=1", 0,
           "distill_kl_div: the student's scores are divided by it."),
    NUMBER(REAL, "loss.teacher_temperature", teacher_temperature, 1e-6, 1e6, "=1", 0, "The same for the teacher's."),
    NUMBER(REAL, "loss.margin", margin, 0, 1e6, "=the loss's own", 0,
           "How much nearer (or farther) is enough: 5 for triplets, 0.5 with cosine distance."),
    NUMBER(REAL, "loss.negative_margin", negative_margin, 0, 1e6, "=0.3", 0,
           "mega_batch_margin: how similar the hardest negative may be."),
    CHOICE(CHOICE, "loss.distance", distance, "cosine|euclidean|manhattan", "=the loss's own", 0,
           "Triplets and contrastive losses: the distance."),
    CHOICE(
        CHOICE, "loss.similarity", similarity, "cosine|dot", "=the base model's own", 0,
        "In-batch losses and cosent: vectors are compared by cosine, or by dot product with a scale of 1 unless said."),
    CHOICE(CHOICE, "loss.mask", mask, "judged|equal", "judged", 0,
           "In-batch losses: what is never a negative. judged: equal texts, the anchor's other positives and what the "
           "judgements call relevant to it; equal: equal texts alone, to measure what masking is worth."),
    NUMBER(REAL, "loss.mean_weight", mean_weight, 0, 1e6, "=1", 0,
           "global_orthogonal: weight of the squared mean; 0: without."),
    NUMBER(REAL, "loss.second_moment_weight", second_moment_weight, 0, 1e6, "=1", 0,
           "global_orthogonal: weight of the second moment; 0: without."),
    BOOL("loss.sum_columns", sum_columns, "false", 0,
         "global_orthogonal: the sum over anchors, positives and negatives, not their mean."),
    NUMBER(INTS, "loss.matryoshka", matryoshka, 1, 65536, NULL, 0,
           "Matryoshka around the loss: it is summed over these numbers of leading components."),
    NUMBER(REALS, "loss.matryoshka_weights", matryoshka_weights, 1e-6, 1e6, NULL, 0,
           "A weight for each; 1 when not given."),
    NUMBER(INT, "loss.matryoshka_per_step", matryoshka_per_step, 0, 16, "0", 0,
           "So many of them are drawn each step; 0: all."),
    BOOL("loss.adaptive_layer", adaptive_layer, "false", 0,
         "The loss at earlier layers too; with matryoshka it is Matryoshka2d."),
    NUMBER(INT, "loss.layers_per_step", layers_per_step, 0, 64, "0", 0,
           "So many earlier layers are drawn each step; 0: all."),
    NUMBER(REAL, "loss.last_layer_weight", last_layer_weight, 0, 1e6, "=1", 0,
           "adaptive_layer: the last layer's weight."),
    NUMBER(REAL, "loss.prior_layers_weight", prior_layers_weight, 0, 1e6, "=1", 0,
           "adaptive_layer: the earlier layers' weight."),
    NUMBER(REAL, "loss.kl_weight", kl_weight, 0, 1e6, "=1", 0,
           "adaptive_layer: weight of the divergence from the last layer; 0: without."),
    NUMBER(REAL, "loss.kl_temperature", kl_temperature, 1e-6, 1e6, "=0.3", 0, "adaptive_layer: its temperature."),
#undef SCOPE
#undef AT
#define SCOPE     TERN_SCOPE_RECIPE
#define AT(field) offsetof(tern_recipe, field)

    NUMBER(
        INT, "train.batch_size", train.batch_size, 1, 1048576, "32", 0,
        "Rows a step, and in-batch losses' candidates. A batch that needs more memory than there is is worked through "
        "in chunks."),
    NUMBER(SIZE, "train.memory", train.memory, 1048576, 1125899906842624, "=three quarters of what there is", 0,
           "Memory the run may use. The default is worked out once and stays with the run."),
    CHOICE(CHOICE, "train.activations", train.activations, "float32|bfloat16", "float32", TERN_KEY_LATER,
           "How a layer's activations are kept until backward: bfloat16 takes a sixth to a third less memory, and "
           "gradients see them with 8 bits of precision; weights and arithmetic are float32 either way."),
    NUMBER(INT, "train.epochs", train.epochs, 1, 1000000, "1", 0, "How often every row is used."),
    NUMBER(INT, "train.max_steps", train.max_steps, 0, LARGE, "0", 0, "Above 0: so many steps, whatever epochs says."),
    NUMBER(REAL, "train.learning_rate", train.learning_rate, 0, 10, "2e-05", 0, "The peak learning rate of AdamW."),
    NUMBER(REAL, "train.warmup", train.warmup, 0, LARGE, "0.1", 0,
           "Steps in which the learning rate rises from 0: below 1 a fraction of all steps, from 1 on a number."),
    CHOICE(
        CHOICE, "train.schedule", train.schedule, "linear|cosine|constant|warmup_stable_decay", "linear", 0,
        "How the learning rate goes after warm-up: down to 0 in a line or a half cosine, not at all, or down to 0 in "
        "the last part only."),
    NUMBER(REAL, "train.decay", train.decay, 0, LARGE, "0.1", 0,
           "With schedule: warmup_stable_decay: that last part, counted as warmup is."),
    NUMBER(REAL, "train.weight_decay", train.weight_decay, 0, 100, "0.01", 0,
           "Decoupled weight decay; biases and LayerNorm have none."),
    NUMBER(REAL, "train.max_grad_norm", train.max_grad_norm, 0, 1e9, "1", 0,
           "Gradients are scaled down to this norm; 0: never."),
    NUMBER(INT, "train.max_seq_length", train.max_seq_length, 0, 1048576, "0", 0,
           "In training longer texts are cut to this many tokens, special ones included; 0: the model's own limit. The "
           "exported model keeps its base's limit: see output.max_seq_length."),
    NUMBER(REAL, "train.dropout", train.dropout, 0, 0.95, "0.1", 0, "The part of hidden units dropped in training."),
    NUMBER(INT, "train.bucket", train.bucket, 0, 1000000, "0", 0,
           "Rows of like length are put together within windows of so many batches; 0: not."),
    TEXT(TEXTS, "train.freeze", train.freeze, NULL, 0,
         "What stays as it is: \"embeddings\", \"layers:N\" for the first N layers, or patterns of parameters' names "
         "such as \"encoder.layer.*.attention.*\"."),
    NUMBER(RATES, "train.rates", train.rates, 0, 1e6, NULL, 0,
           "Factors of the learning rate by patterns of parameters' names: {\"embeddings.*\": 0.1}. The last that fits "
           "counts."),
    NUMBER(REAL, "train.layer_decay", train.layer_decay, 1e-6, 1, "1", 0,
           "Each layer learns at this times the rate of the one above it, the embeddings below all."),
    NUMBER(REAL, "train.ema", train.ema, 0, 0.999999, "0", 0,
           "A moving average of the weights with this decay is what is scored and saved; 0: the weights themselves."),
    NUMBER(INT, "train.seed", train.seed, 0, LARGE, "42", 0, "Order of rows, dropout, random weights."),
    NUMBER(INT, "train.threads", train.threads, 0, 256, "0", TERN_KEY_FREE,
           "Threads; 0: OMP_NUM_THREADS, else all processors. --threads wins. The result does not depend on it."),

    NUMBER(INT, "rounds", rounds, 1, 100, "1", TERN_KEY_FREE,
           "With mine: mine and train so often, each time with negatives that the model of the round before finds, and "
           "from "
           "the base anew. Rounds are runs of their own, output.dir/round-1, ..; a table compares them."),
    {"mine.miners", SCOPE, TERN_KEY_RATES, AT(mine.miners), 1e-6, 1e6, "miner", "=dense", 0,
     "Who finds candidates, with shares: {dense: 0.5, bm25: 0.5}; names alone have equal shares. dense: the model's "
     "nearest documents; bm25; fusion: both by reciprocal rank fusion; random; run: another system's TREC run."},
    TEXT(MODEL, "mine.model", mine.model, NULL, 0,
         "The model whose similarities rank and filter: a folder, or a name that the cache knows; the recipe's model "
         "when not given."),
    TEXT(INPUT, "mine.corpus", mine.corpus, NULL, 0,
         "More documents to choose from: a corpus.jsonl as BEIR has it (_id, title, text). The documents of data.train "
         "are its corpus where it is a BEIR folder, else its positives."),
    TEXT(INPUT, "mine.run", mine.run, NULL, 0,
         "The miner run: a TREC run whose query and document ids are those of data.train.beir."),
    NUMBER(INT, "mine.num_negatives", mine.num_negatives, 1, 64, "4", 0, "How many negatives a row gets."),
    NUMBER(INT, "mine.per_row", mine.per_row, 1, 64, "=num_negatives", 0,
           "How many of them tern train uses an epoch, drawn anew each time."),
    TEXT(TEXT, "mine.every", mine.every, NULL, 0,
         "tern train mines anew so often, with the weights of that moment: 1 epoch, 2 epochs. Once, before the first "
         "step, "
         "when not given."),
    NUMBER(INT, "mine.range_min", mine.range_min, 0, LARGE, "0", 0,
           "Candidates before this rank are left out; ranks count from 0, without positives and what equals them."),
    NUMBER(INT, "mine.range_max", mine.range_max, 1, LARGE, "100", 0, "Candidates from this rank on are left out."),
    NUMBER(REAL, "mine.max_score", mine.max_score, -1e9, 1e9, "none", TERN_KEY_NONE,
           "Candidates with a greater similarity to the query are left out."),
    NUMBER(REAL, "mine.min_score", mine.min_score, -1e9, 1e9, "none", TERN_KEY_NONE,
           "Candidates with a lower similarity are left out."),
    NUMBER(
        REAL, "mine.absolute_margin", mine.absolute_margin, -1e9, 1e9, "none", TERN_KEY_NONE,
        "Candidates nearer than the positive's similarity less this are left out; which of several positives counts is "
        "mine.margin_from."),
    NUMBER(REAL, "mine.relative_margin", mine.relative_margin, -1e9, 1e9, "0.05", TERN_KEY_NONE,
           "The same with this part of the positive's similarity: 0.05 leaves candidates of at most 95 % of it, which "
           "keeps most unlabelled positives out (de Souza et al. 2024)."),
    CHOICE(CHOICE, "mine.margin_from", mine.margin_from, "least|mean|greatest", "least", TERN_KEY_LATER,
           "Where a query has several positives, which similarity margins are measured from: the least similar "
           "positive's, which leaves little where one of many is far from the query, their mean, or the most similar "
           "one's."),
    CHOICE(CHOICE, "mine.sampling", mine.sampling, "top|random", "top", 0,
           "Of the candidates that are left the best are taken, or some by lot."),
    NUMBER(REAL, "mine.near_duplicates", mine.near_duplicates, 0, 1, "0.8", 0,
           "A document that shares this part of its word triples with a positive (Jaccard, by MinHash) is no negative; "
           "0: all may be. Texts that differ in case, punctuation and blanks alone are equal whatever this is."),
    NUMBER(REAL, "mine.max_share", mine.max_share, 1e-9, 1, "0.1", 0,
           "A document is a negative of at most this share of the queries, though always of 10; 1: of all."),
    TEXT(MODEL, "mine.second", mine.second, NULL, 0,
         "A second opinion: another model, which takes a candidate for a positive when it is nearer to the query than "
         "the positive less second_margin of its similarity."),
    CHOICE(CHOICE, "mine.second_does", mine.second_does, "drop|keep|relabel", "drop", 0,
           "What then becomes of it: left out, kept and counted, or made a positive."),
    NUMBER(REAL, "mine.second_margin", mine.second_margin, -10, 10, "0", 0, "See second."),
    CHOICE(CHOICE, "mine.short_rows", mine.short_rows, "keep|drop", "keep", 0,
           "Rows that get fewer negatives than num_negatives are kept with those, or dropped; they are counted."),
    NUMBER(INT, "mine.seed", mine.seed, 0, LARGE, "42", 0, "Lots of sampling and of the miner random."),
    CHOICE(
        CHOICE, "mine.output", mine.output, "tuples|triplets|lists|pairs|flag", "tuples", TERN_KEY_FREE,
        "What tern mine writes: a row with negative, negative_1, ..; a row a negative; lists with scores; pairs with "
        "labels 1 and 0; or FlagEmbedding's query, pos, neg with scores."),

    NUMBER(INT, "eval.every", eval.every, 0, LARGE, "0", 0,
           "Score on dev every so many steps, and at the end; 0: after each epoch."),
    TEXT(TEXT, "eval.metric", eval.metric,
         "=ndcg_at_10; cosine_spearman (or that of the base's own similarity) for a file with score, triplet_accuracy "
         "for "
         "another",
         0,
         "What chooses the best checkpoint: {ndcg,recall,precision,mrr,map,hit_rate}_at_K, triplet_accuracy or "
         "cosine_spearman; ndcg@10, MRR@10 and trec_eval's ndcg_cut_10 are understood too."),
    TEXT(TEXTS, "eval.beside", eval.beside, NULL, TERN_KEY_FREE,
         "What else ranks data.test.beir, for rows of the report with p-values of their own: bm25 (with options as "
         "tern eval "
         "takes them), models, or MODEL+bm25 for the fusion of both."),
    NUMBER(INT, "eval.patience", eval.patience, 0, LARGE, "0", 0,
           "Stop after so many scores without a better one; 0: never."),

    TEXT(OUTPUT, "output.dir", output.dir, NULL, TERN_KEY_FREE,
         "Where all results go, relative to the working directory. Required."),
    NUMBER(INT, "output.max_seq_length", output.max_seq_length, 0, 1048576, "0", TERN_KEY_LATER,
           "Where the exported model cuts texts, in tokens, special ones included, and where it is scored; 0: where "
           "its base does."),
    NUMBER(INT, "output.keep", output.keep, 1, 1000000, "2", TERN_KEY_FREE, "Checkpoints kept."),
    NUMBER(INT, "output.checkpoint_every", output.checkpoint_every, 1, LARGE, "=eval.every, or 50 when that is 0",
           TERN_KEY_FREE, "Steps between two checkpoints: what a killed run loses at most."),
};
const int tern_n_key_rows = sizeof tern_key_rows / sizeof *tern_key_rows;
