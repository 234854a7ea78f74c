/* Losses: embeddings of a batch to one number.
 *
 *     tern_loss_options options = {.name = "multiple_negatives_ranking", .scale = 20};
 *     tern_tensor *loss = tern_loss_value(&options, tape, &batch);      // [1, 1]
 *
 * Definitions and the names users know them by: docs/losses.md. One file a loss, one line in the table. */
#ifndef TERN_LOSSES_LOSS_H
#define TERN_LOSSES_LOSS_H

#include "autograd/params.h"
#include "autograd/tape.h"

#include <stdint.h>

enum { TERN_MAX_DIMS = 16, TERN_MAX_LAYER_VIEWS = 64 };

typedef enum tern_compare { TERN_BY_COSINE, TERN_BY_DOT } tern_compare;
typedef enum tern_distance { TERN_COSINE, TERN_EUCLIDEAN, TERN_MANHATTAN } tern_distance;

/* Who is held against whom in the in-batch losses; bits of tern_loss_options.directions. */
enum { TERN_QUERY_TO_DOC = 1, TERN_DOC_TO_QUERY = 2, TERN_QUERY_TO_QUERY = 4, TERN_DOC_TO_DOC = 8 };
/* One softmax over all directions, or one for each, averaged. */
typedef enum tern_partition { TERN_PER_DIRECTION, TERN_JOINT } tern_partition;
/* Whose logits hardness_strength raises. */
typedef enum tern_hardness {
    TERN_HARDNESS_NONE,
    TERN_HARDNESS_IN_BATCH, /* other rows' candidates */
    TERN_HARDNESS_HARD,     /* the row's own explicit negatives */
    TERN_HARDNESS_ALL       /* both */
} tern_hardness;
typedef enum tern_guide_margin { TERN_MARGIN_ABSOLUTE, TERN_MARGIN_RELATIVE } tern_guide_margin;

/* What a loss learns beside the model, made by tern_loss_declare; NULL: it doesn't. */
typedef struct tern_loss_weights {
    tern_tensor *log_scale;                    /* [1,1] */
    tern_tensor *classifier, *classifier_bias; /* [n_labels, 3 D], [1, n_labels] */
    tern_tensor *projection, *projection_bias; /* [teacher_dim, D], [1, teacher_dim] */
} tern_loss_weights;

typedef struct tern_loss_options {
    const char *name;
    double weight; /* in a sum of losses; 0 means 1 */

    /* In-batch losses. */
    tern_compare similarity; /* cosent too */
    double scale;            /* 0 means the loss's own: 20 for most, 1 for all with dot products; = 1 / temperature */
    int learned_scale;       /* 1: scale is where weights.log_scale begins; the logits' factor is at most 100 (CLIP) */
    int symmetric;           /* short for query to document and document to query, a softmax each */
    unsigned directions;     /* 0: query to document */
    tern_partition partition;
    tern_hardness hardness;
    double hardness_strength;
    tern_guide_margin guide_margin; /* guided: how margin is taken */
    int without_anchors;            /* guided: 1: anchors are no candidates */
    int without_positives;          /* guided: 1: positives are no candidates for positives */

    /* Margins; NAN means the loss's own. */
    double margin;
    double negative_margin; /* mega_batch_margin */
    tern_distance distance; /* triplet families and contrastive ones */

    /* Distillation. */
    double temperature, teacher_temperature; /* 0 means 1 */

    /* Global orthogonal regularisation; NAN means 1, 0 leaves the term out. */
    double mean_weight, second_moment_weight;
    int sum_columns; /* 0: mean over the columns (anchors, positives, ...), 1: sum */

    /* Matryoshka around the loss; n_dims 0: none. */
    int64_t dims[TERN_MAX_DIMS];
    double dim_weights[TERN_MAX_DIMS]; /* 0 means 1 */
    int n_dims;
    int dims_per_step; /* 0: all, else so many are drawn each step */

    /* The loss at earlier layers too (AdaptiveLayer), around Matryoshka where both are asked for (Matryoshka2d). */
    int adaptive_layer;
    int layers_per_step; /* 0: all earlier layers, else so many are drawn each step */
    double last_layer_weight, prior_layers_weight, kl_weight, kl_temperature; /* NAN means 1, 1, 1, 0.3 */

    tern_loss_weights weights;
} tern_loss_options;

/* Three roles' vectors. */
typedef struct tern_loss_roles {
    tern_tensor *anchor;   /* [n, D] */
    tern_tensor *positive; /* [n, D]; NULL: rows of one text */
    tern_tensor *negative; /* [n * n_negatives, D], row i's at i * n_negatives; NULL: none */
} tern_loss_roles;

/* The vectors of a batch of n rows, as the model gives them (normalised or not). */
typedef struct tern_loss_batch {
    int64_t n;
    tern_tensor *anchor, *positive, *negative; /* as in tern_loss_roles */
    int n_negatives;
    /* What masked[i * (n + n * n_negatives) + j] says of anchor i and candidate j (positives first, then negatives);
     * see base/pair_mask.h. NULL: nothing. masked[i, i] is ignored. */
    const uint8_t *masked;
    const int64_t *text;  /* [n (1 + positives + n_negatives)] equal for equal texts: anchors, positives, negatives.
                             Below 0: the row lacks this negative; its vector stands for nothing, and masked says that
                             it is no negative of anybody. NULL: no text recurs, and none lacks */
    const int64_t *label; /* [n] classes 0, 1, ...; NULL: none */
    const double *score;  /* [n, n_scores]; NULL: none */
    int n_scores;
    /* The guide's or teacher's vectors of the same texts, without gradient, of a width of their own; NULL: none. */
    tern_loss_roles other;
    /* Adaptive layer: the same roles from earlier layers. layer[v] counts from 0, the last layer (n_layers - 1) is not
     * among them. */
    const tern_loss_roles *layer_roles; /* [n_layer_views] */
    const int *layer;
    int n_layer_views, n_layers;
    uint64_t seed, step; /* what is drawn each step is a function of these */
} tern_loss_batch;

/* What a loss needs from the data: checked before training starts. */
enum {
    TERN_NEEDS_POSITIVE = 1,
    TERN_NEEDS_NEGATIVE = 2,
    TERN_NEEDS_LABEL = 4,             /* a class */
    TERN_NEEDS_SCORE = 8,             /* a number */
    TERN_NEEDS_TWICE = 16,            /* each anchor once more as its positive: the data have no positive (SimCSE) */
    TERN_NEEDS_GUIDE = 32,            /* a second model's vectors */
    TERN_NEEDS_TEACHER = 64,          /* scores in the data, or a teacher model */
    TERN_NEEDS_TEACHER_VECTORS = 128, /* a teacher model */
    TERN_NEEDS_SEVERAL = 256,         /* rows to hold against each other: it is constant on a batch of one */
};

/* What tern_loss_declare must know. */
typedef struct tern_loss_sizes {
    int64_t dim, n_labels, teacher_dim;
} tern_loss_sizes;

typedef struct tern_loss {
    const char *name, *help;
    int needs;
    int in_batch; /* other rows' texts are its negatives, so masks and duplicates matter */
    tern_tensor *(*value)(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch);
} tern_loss;

/* All losses, ended by a name of NULL. */
extern const tern_loss tern_losses[];
/* NULL when there is none of that name. */
const tern_loss *tern_loss_find(const char *name);
/* Options that mean "the loss's own" everywhere. */
tern_loss_options tern_loss_defaults(const char *name);
/* The loss [1,1], with the wrappers that options ask for; options->weight is for who adds losses. */
tern_tensor *tern_loss_value(const tern_loss_options *options, tern_tape *tape, const tern_loss_batch *batch);

/* Declares what the loss learns (names begin with prefix) and points options->weights at it; params must not be
 * allocated yet. Does nothing for a loss that learns nothing. */
void tern_loss_declare(tern_loss_options *options, const tern_loss_sizes *sizes, const char *prefix,
                       tern_params *params);
/* Start values, after tern_params_allocate: log(scale), and PyTorch's Linear for classifier and projection: uniform in
 * +-1/sqrt(width of the input). */
void tern_loss_init(const tern_loss_options *options, uint64_t seed);
/* The earlier layers that a step looks at, ascending, into layer [TERN_MAX_LAYER_VIEWS]; returns how many. 0 when
 * options don't ask for adaptive_layer. */
int tern_loss_layers(const tern_loss_options *options, int n_layers, uint64_t seed, uint64_t step, int *layer);

#endif
