#include "train/diagnose.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

/* nan and inf as people write them, whatever their sign bit. */
static const char *word(double value)
{
    return isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

char *tern_diagnose_params(const tern_params *params)
{
    for (size_t i = 0; params && i < params->n; i++) {
        const tern_tensor *t = params->table[i].tensor;
        tern_bad_value bad;
        if (!tern_tensor_find_bad(t, 0, &bad))
            continue;
        long long count = 0;
        for (size_t k = 0; k < tern_tensor_size(t); k++)
            count += !isfinite(t->data[k]);
        return tern_format("the parameter %s is %s (at [%lld,%lld], %lld of its %lld values are not finite)",
                           params->table[i].name, word(bad.value), (long long)bad.row, (long long)bad.col, count,
                           (long long)tern_tensor_size(t));
    }
    return NULL;
}

/* Whose gradient a pointer leads into: layers use several parameters as one tensor. NULL: no parameter's. */
static const tern_param *owner_of(const tern_params *params, const tern_real *grad)
{
    for (size_t i = 0; params && params->grad && i < params->n; i++) {
        const tern_real *start = params->grad + params->table[i].offset;
        if (params->table[i].tensor->grad && grad >= start && grad < start + tern_tensor_size(params->table[i].tensor))
            return &params->table[i];
    }
    return NULL;
}

/* The text at a place of the logical batch. */
static void add_place(tern_buffer *out, const tern_diagnosis *d, int64_t place)
{
    const tern_batch *b = d->batch;
    int64_t n = b->n, negatives = n * (1 + (b->has_positive != 0)), k = b->n_negatives > 0 ? b->n_negatives : 1;
    int64_t row = place < negatives ? place % n : (place - negatives) / k;
    if (place >= negatives && k > 1)
        tern_buffer_printf(out, " for negative %lld", (long long)((place - negatives) % k + 1));
    else
        tern_buffer_printf(out, " for the %s", place < n ? "anchor" : place < negatives ? "positive" : "negative");
    tern_buffer_printf(out, " of row %lld", (long long)d->rows[row] + 1);
}

/* The sequences that a tape was about: from .. from + part's. NULL part: the loss, over all. */
typedef struct scope {
    const tern_packed *part;
    const tern_tensor *vectors; /* what the loss starts from */
    int64_t from;
} scope;

/* Which sequence of the scope a row of the tensor with the bad value belongs to, by its shape; -1: none. */
static int64_t sequence_of(const scope *s, const tern_bad_value *bad)
{
    int64_t rows = bad->tensor->rows, sequence = 0;
    if (!s->part)
        return bad->tensor == s->vectors ? bad->row : -1;
    if (rows != s->part->n_tok)
        return rows == s->part->n_seq ? bad->row : -1;
    while (s->part->offsets[sequence + 1] <= bad->row)
        sequence++;
    return sequence;
}

static void add_text(tern_buffer *out, const tern_diagnosis *d, const scope *s, const tern_bad_value *bad)
{
    const tern_packed *whole = d->job->pass->batch;
    int64_t rows = bad->tensor->rows, sequence = sequence_of(s, bad);
    if (sequence >= 0)
        add_place(out, d, whole->places ? whole->places[s->from + sequence] : s->from + sequence);
    else if (!s->part && rows == d->batch->n_texts && rows != d->batch->n)
        add_place(out, d, bad->row);
    else if (!s->part && rows == d->batch->n && rows > 1)
        tern_buffer_printf(out, " for row %lld", (long long)d->rows[bad->row] + 1);
}

static char *describe(const tern_diagnosis *d, const scope *s, const tern_bad_value *bad)
{
    tern_buffer out = {0};
    const char *in = bad->place ? " in " : "", *place = bad->place ? bad->place : "";
    if (!bad->is_gradient) {
        tern_buffer_printf(&out, "%s%s%s gives %s", bad->op, in, place, word(bad->value));
        add_text(&out, d, s, bad);
        return out.data;
    }
    const tern_real *at = bad->tensor->grad + bad->row * bad->tensor->cols + bad->col;
    const tern_param *param = owner_of(tern_encoder_params(d->job->encoder), at);
    param = param ? param : owner_of(d->heads, at);
    tern_buffer_printf(&out, "the backward of %s%s%s makes ", bad->op, in, place);
    if (param) {
        tern_buffer_printf(&out, "the gradient of %s %s", param->name, word(bad->value));
        return out.data;
    }
    tern_buffer_printf(&out, "a gradient %s", word(bad->value));
    add_text(&out, d, s, bad);
    return out.data;
}

/* The chunk that begins with sequence from, recorded on the tape, which was reset before; *to is its end. */
static tern_tensor *embed_part(tern_tape *tape, const tern_diagnosis *d, int64_t from, int64_t *to, scope *s)
{
    tern_pass pass = *d->job->pass;
    tern_packed *part = tern_arena_alloc(tern_tape_arena(tape), sizeof *part);
    *to = tern_backprop_chunk(d->job->pass->batch, from, d->job->chunk_tokens);
    *part = tern_backprop_part(tern_tape_arena(tape), d->job->pass->batch, from, *to);
    pass.tape = tape;
    pass.batch = part;
    *s = (scope){.part = part, .from = from};
    return tern_encoder_embed(d->job->encoder, &pass);
}

/* All vectors into *x [n_seq, *width], the caller's. NULL when every value on the way is finite. */
static char *look_forward(tern_tape *tape, const tern_diagnosis *d, tern_real **x, int64_t *width)
{
    const tern_packed *whole = d->job->pass->batch;
    char *cause = NULL;
    for (int64_t from = 0, to; from < whole->n_seq && !cause; from = to) {
        scope s;
        tern_bad_value bad;
        tern_tensor *y = embed_part(tape, d, from, &to, &s);
        *width = y->cols;
        if (!*x)
            *x = tern_alloc_aligned((size_t)(whole->n_seq * *width), sizeof **x);
        memcpy(*x + from * *width, y->data, tern_tensor_size(y) * sizeof **x);
        if (tern_tape_find_bad(tape, &bad))
            cause = describe(d, &s, &bad);
        tern_tape_reset(tape);
    }
    return cause;
}

/* The loss of vectors x, and its gradient into dx, all zero. */
static char *look_at_loss(tern_tape *tape, const tern_diagnosis *d, tern_real *x, tern_real *dx, int64_t width)
{
    tern_bad_value bad;
    char *cause = NULL;
    tern_tensor *vectors = tern_tape_input(tape, x, d->job->pass->batch->n_seq, width, 1);
    scope s = {.vectors = vectors};
    vectors->grad = dx;
    tern_tape_within(tape, "the loss");
    tern_tensor *loss = d->job->loss(d->job->context, tape, vectors);
    if (tern_tape_find_bad(tape, &bad)) {
        cause = describe(d, &s, &bad);
    } else {
        tern_tape_seed(tape, loss, &(tern_real){1});
        if (tern_tape_backward_watched(tape, &bad))
            cause = describe(d, &s, &bad);
    }
    tern_tape_reset(tape);
    return cause;
}

static char *look_backward(tern_tape *tape, const tern_diagnosis *d, const tern_real *dx, int64_t width)
{
    const tern_packed *whole = d->job->pass->batch;
    char *cause = NULL;
    for (int64_t from = 0, to; from < whole->n_seq && !cause; from = to) {
        scope s;
        tern_bad_value bad;
        tern_tape_seed(tape, embed_part(tape, d, from, &to, &s), dx + from * width);
        if (tern_tape_backward_watched(tape, &bad))
            cause = describe(d, &s, &bad);
        tern_tape_reset(tape);
    }
    return cause;
}

/* Everything that the step computed, in its order. */
static char *look_at_step(tern_tape *tape, const tern_diagnosis *d)
{
    tern_real *x = NULL, *dx = NULL;
    int64_t width = 0;
    char *cause = look_forward(tape, d, &x, &width);
    if (!cause) {
        dx = tern_calloc((size_t)(d->job->pass->batch->n_seq * width), sizeof *dx);
        cause = look_at_loss(tape, d, x, dx, width);
    }
    if (!cause)
        cause = look_backward(tape, d, dx, width);
    free(x);
    free(dx);
    return cause ? cause : tern_strdup("done again, every value of the step is finite");
}

static void zero_grads(const tern_diagnosis *d)
{
    tern_params_zero_grads(tern_encoder_params(d->job->encoder));
    if (d->heads)
        tern_params_zero_grads(d->heads);
}

char *tern_diagnose(tern_tape *tape, const tern_diagnosis *d)
{
    char *cause = tern_diagnose_params(tern_encoder_params(d->job->encoder));
    if (!cause)
        cause = tern_diagnose_params(d->heads);
    tern_tape_reset(tape);
    tern_tape_set_recording(tape, 1);
    zero_grads(d);
    if (!cause)
        cause = look_at_step(tape, d);
    zero_grads(d);
    return cause;
}

int tern_diagnose_fail(tern_tape *tape, const tern_diagnosis *d, const char *what, double value, int64_t step,
                       tern_error *error)
{
    enum { SHOWN = 8 };
    tern_buffer list = {0};
    char *cause = tern_diagnose(tape, d);
    for (int64_t i = 0; i < d->batch->n && i < SHOWN; i++)
        tern_buffer_printf(&list, "%s%lld", i ? ", " : "", (long long)d->rows[i] + 1);
    tern_fail(error,
              "step %lld: the %s is %s: %s; the batch is row%s %s%s of %s; lower train.learning_rate, or look at those "
              "rows and the model's weights",
              (long long)step, what, word(value), cause, d->batch->n > 1 ? "s" : "", list.data,
              d->batch->n > SHOWN ? ", ..." : "", d->data ? d->data : "the training data");
    tern_buffer_free(&list);
    free(cause);
    return -1;
}
