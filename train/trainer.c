#include "train/trainer.h"

#include "autograd/ops.h"
#include "base/clock.h"
#include "base/memory.h"
#include "data/sampler.h"
#include "train/batch.h"
#include "train/check.h"
#include "train/schedule.h"
#include "train/tokens.h"

#include <math.h>

_Static_assert((int)TERN_RATE_LINEAR == TERN_SCHEDULE_LINEAR && (int)TERN_RATE_COSINE == TERN_SCHEDULE_COSINE &&
                   (int)TERN_RATE_CONSTANT == TERN_SCHEDULE_CONSTANT,
               "schedules in the order of recipes");

struct tern_trainer {
    const tern_recipe *recipe;
    tern_model *model;
    const tern_rows *rows;
    const tern_loss *loss;
    tern_loss_options loss_options;
    tern_tokens *tokens;
    int64_t *lengths; /* [rows->n] tokens of each row; NULL without bucketing */
    tern_sampler *sampler;
    tern_plan *plan; /* of plan_epoch; NULL: none yet */
    int64_t plan_epoch, total;
    tern_schedule schedule;
    tern_optimizer *optimizer;
    tern_tape *tape; /* NULL while resting */
    tern_batch batch;
};

static int64_t row_length(const tern_trainer *t, int64_t row)
{
    const tern_rows *rows = t->rows;
    int64_t k = rows->n_negatives, n = tern_tokens_get(t->tokens, TERN_ROLE_QUERY, rows->anchor[row]).n;
    if (rows->positive)
        n += tern_tokens_get(t->tokens, TERN_ROLE_DOCUMENT, rows->positive[row]).n;
    for (int64_t i = 0; i < k; i++)
        n += tern_tokens_get(t->tokens, TERN_ROLE_DOCUMENT, rows->negative[row * k + i]).n;
    return n;
}

static void make_sampler(tern_trainer *t)
{
    tern_sampler_options options = {
        .batch_size = t->recipe->train.batch_size,
        .seed = (uint64_t)t->recipe->train.seed,
        .distinct = t->loss->in_batch,
        .bucket_batches = t->recipe->train.bucket,
    };
    if (options.bucket_batches > 1) {
        t->lengths = tern_alloc((size_t)t->rows->n, sizeof *t->lengths);
        for (int64_t i = 0; i < t->rows->n; i++)
            t->lengths[i] = row_length(t, i);
        options.lengths = t->lengths;
    }
    t->sampler = tern_sampler_create(t->rows, &options);
}

/* An epoch's number of batches is known only when it is planned: rows that would bring a text twice wait. */
static int64_t count_steps(const tern_trainer *t)
{
    if (t->recipe->train.max_steps > 0)
        return t->recipe->train.max_steps;
    int64_t total = 0;
    for (int64_t epoch = 0; epoch < t->recipe->train.epochs; epoch++) {
        tern_plan *plan = tern_sampler_plan(t->sampler, epoch);
        total += plan->n_batches;
        tern_plan_free(plan);
    }
    return total;
}

tern_trainer *tern_trainer_create(const tern_recipe *recipe, tern_model *model, const tern_rows *rows)
{
    tern_trainer *t = tern_calloc(1, sizeof *t);
    tern_params *params = tern_encoder_params(model->encoder);
    *t = (tern_trainer){.recipe = recipe, .model = model, .rows = rows, .loss = tern_loss_find(recipe->loss.name)};
    t->loss_options = tern_loss_options_of(recipe);
    t->tokens = tern_tokens_create(model, rows);
    make_sampler(t);
    t->total = count_steps(t);
    t->schedule = (tern_schedule){.kind = (tern_rate_kind)recipe->train.schedule, .total = t->total};
    t->schedule.peak = recipe->train.learning_rate;
    t->schedule.warmup = tern_warmup_steps(recipe->train.warmup, t->total);
    tern_params_want_grads(params);
    t->optimizer = tern_optimizer_create(params, &(tern_optimizer_options){.weight_decay = recipe->train.weight_decay});
    return t;
}

void tern_trainer_free(tern_trainer *trainer)
{
    if (!trainer)
        return;
    tern_batch_free(&trainer->batch);
    tern_tape_free(trainer->tape);
    tern_optimizer_free(trainer->optimizer);
    tern_plan_free(trainer->plan);
    tern_sampler_free(trainer->sampler);
    tern_tokens_free(trainer->tokens);
    free(trainer->lengths);
    free(trainer);
}

int64_t tern_trainer_total(const tern_trainer *trainer)
{
    return trainer->total;
}

double tern_trainer_tokens_per_row(const tern_trainer *trainer)
{
    return tern_tokens_per_row(trainer->tokens, trainer->rows);
}

tern_optimizer *tern_trainer_optimizer(tern_trainer *trainer)
{
    return trainer->optimizer;
}

void tern_trainer_rest(tern_trainer *trainer)
{
    tern_tape_free(trainer->tape);
    trainer->tape = NULL;
}

/* The rows of the cursor's batch; *n how many. */
static const int64_t *current_rows(tern_trainer *t, const tern_cursor *cursor, int64_t *n)
{
    if (!t->plan || t->plan_epoch != cursor->epoch) {
        tern_plan_free(t->plan);
        t->plan = tern_sampler_plan(t->sampler, cursor->epoch);
        t->plan_epoch = cursor->epoch;
    }
    TERN_CHECK(cursor->batch < t->plan->n_batches, "batch %lld of %lld in epoch %lld", (long long)cursor->batch,
               (long long)t->plan->n_batches, (long long)cursor->epoch);
    const int64_t *start = t->plan->start + cursor->batch;
    *n = start[1] - start[0];
    return t->plan->rows + start[0];
}

static void move_on(const tern_trainer *t, tern_cursor *cursor)
{
    cursor->step++;
    if (++cursor->batch < t->plan->n_batches)
        return;
    cursor->epoch++;
    cursor->batch = 0;
}

/* Forward and backward; returns the loss. The tape is left reset. */
static double run_tape(tern_trainer *t, int64_t step)
{
    const tern_batch *b = &t->batch;
    tern_pass pass = {.tape = t->tape, .batch = &b->packed, .dropout = t->recipe->train.dropout};
    pass.seed = (uint64_t)t->recipe->train.seed;
    pass.step = (uint64_t)step;
    tern_tensor *x = tern_batch_vectors(b, t->tape, tern_encoder_embed(t->model->encoder, &pass));
    tern_loss_batch batch = {.n = b->n, .anchor = tern_rows_of(t->tape, x, 0, b->n)};
    batch.masked = t->loss->in_batch ? b->masked : NULL;
    if (t->rows->positive)
        batch.positive = tern_rows_of(t->tape, x, b->n, b->n);
    if (t->rows->n_negatives > 0) {
        int64_t from = b->n * (t->rows->positive ? 2 : 1);
        batch.n_negatives = t->rows->n_negatives;
        batch.negative = tern_rows_of(t->tape, x, from, b->n_texts - from);
    }
    tern_tensor *loss = tern_loss_value(&t->loss_options, t->tape, &batch);
    double value = (double)loss->data[0];
    if (isfinite(value))
        tern_tape_backward(t->tape, loss);
    tern_tape_reset(t->tape);
    return value;
}

static int fail_not_finite(const char *what, int64_t step, const int64_t *rows, int64_t n, tern_error *error)
{
    enum { SHOWN = 8 };
    tern_buffer list = {0};
    for (int64_t i = 0; i < n && i < SHOWN; i++)
        tern_buffer_printf(&list, "%s%lld", i ? ", " : "", (long long)rows[i] + 1);
    tern_fail(
        error,
        "step %lld: the %s is not finite, with rows %s%s of the training data; lower train.learning_rate, or look "
        "at those rows and the model's weights",
        (long long)step, what, list.data, n > SHOWN ? ", ..." : "");
    tern_buffer_free(&list);
    return -1;
}

int tern_trainer_step(tern_trainer *trainer, tern_cursor *cursor, tern_train_step *out, tern_error *error)
{
    double start = tern_seconds();
    int64_t n, step = cursor->step;
    const int64_t *rows = current_rows(trainer, cursor, &n);
    const tern_recipe *recipe = trainer->recipe;
    if (!trainer->tape)
        trainer->tape = tern_tape_create();
    tern_batch_fill(&trainer->batch, trainer->rows, trainer->tokens, rows, n, recipe->train.dropout <= 0);
    if (trainer->loss->in_batch)
        tern_batch_mask(&trainer->batch, trainer->rows, rows, recipe->loss.mask == TERN_MASK_JUDGED);
    double loss = run_tape(trainer, step);
    if (!isfinite(loss))
        return fail_not_finite("loss", step + 1, rows, n, error);
    double norm = tern_optimizer_grad_norm(trainer->optimizer), rate = tern_schedule_rate(&trainer->schedule, step);
    if (!isfinite(norm))
        return fail_not_finite("gradient", step + 1, rows, n, error);
    tern_optimizer_step(trainer->optimizer, rate, tern_clip_scale(norm, recipe->train.max_grad_norm));
    tern_params_zero_grads(tern_encoder_params(trainer->model->encoder));
    move_on(trainer, cursor);
    *out = (tern_train_step){.step = cursor->step, .total = trainer->total, .loss = loss, .learning_rate = rate};
    out->grad_norm = norm;
    out->tokens = trainer->batch.tokens;
    out->seconds = tern_seconds() - start;
    return 0;
}
