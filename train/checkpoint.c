#include "train/checkpoint.h"

#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/state.h"

#include <string.h>

/* What must agree before the rest is taken. */
typedef struct origin {
    char *identity;
    int64_t data;
} origin;

static void list_heads(tern_state *s, const tern_checkpoint *c)
{
    tern_state_add_params(s, "heads", c->heads, c->heads->value);
    tern_state_add_int64(s, "heads_adam_steps", &c->heads_optimizer->steps, 1);
    tern_state_add_learned(s, "heads_adam_m", c->heads, c->heads_optimizer->m);
    tern_state_add_learned(s, "heads_adam_v", c->heads, c->heads_optimizer->v);
    for (size_t i = 0; i < c->heads->n; i++) {
        char *name = tern_format("heads_missed/%s", c->heads->table[i].name);
        tern_state_add_int64(s, name, &c->heads_optimizer->missed[i], 1);
        free(name);
    }
}

static tern_state *list_items(const tern_checkpoint *c, origin *from)
{
    tern_state *s = tern_state_create();
    tern_progress *p = c->progress;
    tern_state_add_string(s, "identity", &from->identity);
    tern_state_add_int64(s, "training_data", &from->data, 1);
    tern_state_add_int64(s, "step", &p->step, 1);
    tern_state_add_int64(s, "evaluated_step", &p->evaluated_step, 1);
    tern_state_add_int64(s, "best_step", &p->best_step, 1);
    tern_state_add_double(s, "best_score", &p->best_score, 1);
    tern_state_add_int64(s, "evaluations_without_gain", &p->without_gain, 1);
    tern_state_add_int64(s, "tokens", &p->tokens, 1);
    tern_state_add_double(s, "seconds", &p->seconds, 1);
    tern_state_add_int64(s, "idle_steps", p->idle, TERN_IDLE_REASONS);
    tern_state_add_int64(s, "adam_steps", &c->optimizer->steps, 1);
    tern_state_add_params(s, "weights", c->params, c->params->value);
    tern_state_add_learned(s, "adam_m", c->params, c->optimizer->m);
    tern_state_add_learned(s, "adam_v", c->params, c->optimizer->v);
    if (c->heads && c->heads->n > 0)
        list_heads(s, c);
    if (c->average)
        tern_state_add_learned(s, "average", c->params, c->average->shadow);
    return s;
}

int tern_checkpoint_save(const tern_checkpoint *checkpoint, int64_t keep, tern_error *error)
{
    TERN_CHECK(!checkpoint->average || !checkpoint->average->swapped, "a checkpoint of the average");
    origin from = {.identity = tern_strdup(checkpoint->identity), .data = (int64_t)checkpoint->data};
    tern_state *state = list_items(checkpoint, &from);
    char *path = tern_run_checkpoint_path(checkpoint->folder, checkpoint->progress->step);
    int status = tern_state_save(state, path, error);
    if (status == 0)
        status = tern_run_prune(checkpoint->folder, keep, error);
    free(path);
    free(from.identity);
    tern_state_free(state);
    return status;
}

static int load_one(const tern_checkpoint *c, int64_t step, int *other, tern_error *error)
{
    origin from = {0};
    tern_state *state = list_items(c, &from);
    char *path = tern_run_checkpoint_path(c->folder, step);
    int status = tern_state_load(state, path, error);
    if (status == 0 && (strcmp(from.identity, c->identity) != 0 || from.data != (int64_t)c->data)) {
        *other = 1;
        status = tern_fail(error,
                           "%s: the training data changed since this run began; give them back, choose another "
                           "output.dir, or --force to start anew",
                           path);
    }
    if (status == 0)
        tern_optimizer_restored(c->optimizer);
    if (status == 0 && c->heads && c->heads->n > 0)
        tern_optimizer_restored(c->heads_optimizer);
    free(path);
    free(from.identity);
    tern_state_free(state);
    return status;
}

int tern_checkpoint_load(const tern_checkpoint *checkpoint, int64_t *step, tern_error *skipped, tern_error *error)
{
    int64_t *steps, n = tern_run_checkpoints(checkpoint->folder, &steps), i = 0;
    int other = 0, status = -1;
    *step = -1;
    for (; i < n && status < 0 && !other; i++) {
        status = load_one(checkpoint, steps[i], &other, error);
        if (status < 0 && !other && skipped)
            *skipped = *error;
    }
    if (status == 0)
        *step = steps[i - 1];
    free(steps);
    if (n > 0 && status < 0 && !other)
        tern_fail_within(error, "no checkpoint of this run can be read (--force starts anew)");
    return n == 0 ? 0 : status;
}

static tern_state *list_best(const tern_checkpoint *c, int64_t *step)
{
    tern_state *s = tern_state_create();
    tern_state_add_int64(s, "step", step, 1);
    tern_state_add_params(s, "weights", c->params, c->params->value);
    return s;
}

int tern_best_save(const tern_checkpoint *checkpoint, tern_error *error)
{
    int64_t step = checkpoint->progress->step;
    tern_state *state = list_best(checkpoint, &step);
    char *path = tern_run_path(checkpoint->folder, "best.h5");
    int status = tern_state_save(state, path, error);
    free(path);
    tern_state_free(state);
    return status;
}

static int fail_best(tern_error *error)
{
    return tern_fail_within(error, "the best weights of this run can't be read (--force starts anew)");
}

int tern_best_load(const tern_checkpoint *checkpoint, tern_error *error)
{
    int64_t step = 0;
    tern_state *state = list_best(checkpoint, &step);
    char *path = tern_run_path(checkpoint->folder, "best.h5");
    int status = tern_state_load(state, path, error);
    if (status == 0 && step != checkpoint->progress->best_step)
        status = tern_fail(error, "%s: holds the weights of step %lld, not %lld", path, (long long)step,
                           (long long)checkpoint->progress->best_step);
    free(path);
    tern_state_free(state);
    return status < 0 ? fail_best(error) : 0;
}

int tern_best_check(const tern_checkpoint *checkpoint, tern_error *error)
{
    if (checkpoint->progress->best_step == 0)
        return 0;
    tern_state_listing listing;
    char *path = tern_run_path(checkpoint->folder, "best.h5");
    int status = tern_state_list(path, &listing, error);
    if (status == 0)
        tern_state_listing_free(&listing);
    free(path);
    return status < 0 ? fail_best(error) : 0;
}

static uint64_t add_hash(uint64_t hash, const void *bytes, size_t n)
{
    return bytes ? tern_hash(bytes, n, hash) : hash;
}

uint64_t tern_rows_fingerprint(const tern_rows *rows)
{
    uint64_t hash = tern_hash(&rows->n, sizeof rows->n, (uint64_t)rows->n_negatives);
    hash = tern_hash(&rows->n_scores, sizeof rows->n_scores, hash);
    size_t n = (size_t)rows->n;
    for (int64_t t = 0; t < tern_texts_count(rows->texts); t++) {
        size_t length;
        const char *text = tern_texts_get(rows->texts, t, &length);
        hash = tern_hash(text, length, hash);
    }
    hash = add_hash(hash, rows->anchor, n * sizeof *rows->anchor);
    hash = add_hash(hash, rows->positive, n * sizeof *rows->positive);
    hash = add_hash(hash, rows->negative, n * (size_t)rows->n_negatives * sizeof *rows->negative);
    hash = add_hash(hash, rows->score, n * (size_t)rows->n_scores * sizeof *rows->score);
    if (rows->relevant_start)
        hash = add_hash(hash, rows->relevant, (size_t)rows->relevant_start[rows->n_anchors_known] * sizeof(int64_t));
    return add_hash(hash, rows->label, n * sizeof *rows->label);
}
