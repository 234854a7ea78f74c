#include "train/checkpoint.h"

#include "base/memory.h"
#include "train/inputs.h"

#include <string.h>

/* What must agree before the rest is taken. */
typedef struct origin {
    char *identity, *inputs;
} origin;

static void free_origin(origin *from)
{
    free(from->identity);
    free(from->inputs);
}

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
    tern_state_add_string(s, "inputs", &from->inputs);
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
    if (c->negatives)
        tern_state_add_int64(s, "negatives", c->negatives, c->n_negatives);
    if (c->average)
        tern_state_add_learned(s, "average", c->params, c->average->shadow);
    return s;
}

int tern_checkpoint_save(const tern_checkpoint *checkpoint, int64_t keep, tern_error *error)
{
    TERN_CHECK(!checkpoint->average || !checkpoint->average->swapped, "a checkpoint of the average");
    origin from = {.identity = tern_strdup(checkpoint->identity), .inputs = tern_strdup(checkpoint->inputs)};
    tern_state *state = list_items(checkpoint, &from);
    char *path = tern_run_checkpoint_path(checkpoint->folder, checkpoint->progress->step);
    int status = tern_state_save(state, path, error);
    if (status == 0)
        status = tern_run_prune(checkpoint->folder, keep, error);
    free(path);
    free_origin(&from);
    tern_state_free(state);
    return status;
}

/* Whether a checkpoint is of this run, as it is now. */
static int check_origin(const tern_checkpoint *c, const origin *from, tern_error *error)
{
    const char *folder = c->folder->path;
    if (!tern_inputs_same_version(from->inputs, c->inputs))
        return tern_fail(error,
                         "%s: this run began with another version of tern, whose steps were other ones; finish it with "
                         "that one, choose another output.dir, or --force to start anew",
                         folder);
    if (strcmp(from->identity, c->identity) != 0)
        return tern_fail(error,
                         "%s: its checkpoint is of a run of another recipe; remove it, choose another output.dir, or "
                         "--force to start anew",
                         folder);
    char *changed = tern_inputs_changed(from->inputs, c->inputs, 0);
    if (!changed)
        return 0;
    tern_fail(error, "%s: %s; give back what it began with, choose another output.dir, or --force to start anew",
              folder, changed);
    free(changed);
    return -1;
}

/* Versions before the first that had inputs are another one. */
static int read_origin(const tern_state_file *file, origin *from, tern_error *error)
{
    if (tern_state_get_string(file, "identity", &from->identity, error) < 0)
        return -1;
    if (tern_state_has(file, "inputs"))
        return tern_state_get_string(file, "inputs", &from->inputs, error);
    from->inputs = tern_strdup("");
    return 0;
}

/* other 1: it can be read, but isn't of this run. */
static int find_one(const tern_checkpoint *c, int64_t step, tern_restart *restart, int *other, tern_error *error)
{
    origin from = {0};
    tern_state *state = list_items(c, &from);
    char *path = tern_run_checkpoint_path(c->folder, step);
    int status = -1;
    restart->file = tern_state_open(path, state, error);
    if (restart->file && read_origin(restart->file, &from, error) == 0) {
        *other = check_origin(c, &from, error) < 0;
        status = *other ? -1 : tern_state_check(state, restart->file, error);
    }
    if (status == 0) {
        restart->step = step;
        restart->inputs = from.inputs;
        from.inputs = NULL;
    } else {
        tern_state_close(restart->file);
        restart->file = NULL;
    }
    free(path);
    free_origin(&from);
    tern_state_free(state);
    return status;
}

int tern_checkpoint_find(const tern_checkpoint *checkpoint, tern_restart *restart, tern_error *error)
{
    int64_t *steps, n = tern_run_checkpoints(checkpoint->folder, &steps);
    int other = 0, status = -1;
    *restart = (tern_restart){.step = -1};
    for (int64_t i = 0; i < n && status < 0 && !other; i++) {
        status = find_one(checkpoint, steps[i], restart, &other, error);
        if (status < 0 && !other)
            restart->skipped = *error;
    }
    free(steps);
    if (n > 0 && status < 0 && !other)
        tern_fail_within(error, "no checkpoint of this run can be read (--force starts anew)");
    return n == 0 ? 0 : status;
}

int tern_checkpoint_load(const tern_checkpoint *checkpoint, const tern_restart *restart, tern_error *error)
{
    origin from = {0};
    tern_state *state = list_items(checkpoint, &from);
    int status = tern_state_fill(state, restart->file, error);
    if (status == 0)
        tern_optimizer_restored(checkpoint->optimizer);
    if (status == 0 && checkpoint->heads && checkpoint->heads->n > 0)
        tern_optimizer_restored(checkpoint->heads_optimizer);
    free_origin(&from);
    tern_state_free(state);
    return status;
}

void tern_restart_close(tern_restart *restart)
{
    tern_state_close(restart->file);
    free(restart->inputs);
    *restart = (tern_restart){.step = -1};
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
