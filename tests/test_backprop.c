/* The gradient cache against the direct form: the same loss, vectors and gradients, with dropout on and chunks of
 * any size. */
#include "tests/support.h"

#include "autograd/ops.h"
#include "base/hash.h"
#include "base/memory.h"
#include "train/backprop.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { ROWS = 21, SEQUENCES = 2 * ROWS, LONGEST = 40 };

/* Norm-wise, of one tensor. */
static const double VECTOR_TOLERANCE = 1e-6, GRADIENT_TOLERANCE = 1e-5;

static tern_encoder *encoder;
static tern_params *params;
static tern_packed batch;
static int32_t ids[SEQUENCES * LONGEST];
static int64_t offsets[SEQUENCES + 1];

/* Texts of 1 to LONGEST tokens, as even as ordinary ones. */
static void make_batch(void)
{
    batch = (tern_packed){.n_seq = SEQUENCES, .ids = ids, .offsets = offsets};
    for (int s = 0; s < SEQUENCES; s++) {
        int64_t length = 1 + (int64_t)(tern_random(1, (uint64_t)s, 0, 0) % LONGEST);
        offsets[s + 1] = offsets[s] + length;
        batch.max_len = length > batch.max_len ? length : batch.max_len;
    }
    batch.n_tok = offsets[SEQUENCES];
    for (int64_t i = 0; i < batch.n_tok; i++)
        ids[i] = (int32_t)(tern_random(2, (uint64_t)i, 0, 0) % 90);
}

static void set_up(void)
{
    tern_encoder_config config = {
        .bert = {.vocab_size = 90,
                 .hidden_size = 48,
                 .layers = 3,
                 .heads = 4,
                 .intermediate_size = 96,
                 .max_positions = LONGEST,
                 .type_vocab_size = 2,
                 .layer_norm_eps = 1e-12,
                 .hidden_dropout = 0.1,
                 .attention_dropout = 0.1,
                 .initializer_range = 0.1},
        .modules =
            {{.kind = TERN_MODULE_POOLING, .pooling = TERN_POOL_MEAN},
             {.kind = TERN_MODULE_DENSE, .in_features = 48, .out_features = 32, .bias = 1, .activation = TERN_TANH},
             {.kind = TERN_MODULE_NORMALIZE}},
        .n_modules = 3,
    };
    encoder = tern_encoder_create(&config);
    params = tern_encoder_params(encoder);
    tern_params_allocate(params);
    tern_encoder_init(encoder, 7);
    tern_params_want_grads(params);
    make_batch();
}

static void tear_down(void)
{
    tern_encoder_free(encoder);
}

/* What one run gives. */
typedef struct outcome {
    double loss;
    tern_real *vectors, *gradients; /* [n_seq, width], [params->size] */
    int64_t n_vectors;
    int calls; /* of the loss */
} outcome;

/* Anchors are the first half of the sequences, positives the second; both softmaxes. */
static tern_tensor *in_batch(void *context, tern_tape *tape, tern_tensor *x)
{
    outcome *o = context;
    o->calls++;
    o->n_vectors = (int64_t)tern_tensor_size(x);
    o->vectors = tern_realloc(o->vectors, tern_tensor_size(x), sizeof *o->vectors);
    memcpy(o->vectors, x->data, tern_tensor_size(x) * sizeof *x->data);
    tern_tensor *unit = tern_normalize(tape, x);
    tern_tensor *a = tern_rows_of(tape, unit, 0, ROWS), *c = tern_rows_of(tape, unit, ROWS, ROWS);
    tern_in_batch options = {.scale = 20, .directions = TERN_A_TO_C | TERN_C_TO_A};
    return tern_in_batch_softmax(tape, a, c, &options);
}

static outcome run(tern_tape *tape, const tern_pass *pass, int64_t chunk_tokens, tern_backprop_loss loss)
{
    outcome o = {0};
    tern_backprop job = {encoder, pass, chunk_tokens, loss, &o};
    o.loss = tern_backprop_run(tape, &job);
    o.gradients = tern_alloc((size_t)params->size, sizeof *o.gradients);
    memcpy(o.gradients, params->grad, (size_t)params->size * sizeof *o.gradients);
    tern_params_zero_grads(params);
    return o;
}

static void outcome_free(outcome *o)
{
    free(o->vectors);
    free(o->gradients);
}

static double distance(int64_t n, const tern_real *x, const tern_real *y)
{
    double difference = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        difference += pow((double)x[i] - (double)y[i], 2);
        size += pow((double)y[i], 2);
    }
    return size > 0 ? sqrt(difference / size) : difference;
}

/* A key's bias has no true gradient, so all of it is rounding: it is held against its query's. */
static void check_gradients(const outcome *got, const outcome *want)
{
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *p = &params->table[i];
        int64_t n = (int64_t)tern_tensor_size(p->tensor), from = p->offset;
        if (strstr(p->name, "self.key.bias")) {
            from = params->table[i - 1].offset;
            n *= 2;
        }
        double off = distance(n, got->gradients + from, want->gradients + from);
        ck_assert_msg(off <= GRADIENT_TOLERANCE, "%s: gradient off by %g", p->name, off);
    }
}

static void check_same(const outcome *got, const outcome *want)
{
    ck_assert_double_eq_tol(got->loss, want->loss, 1e-6 * fabs(want->loss));
    ck_assert_int_eq(got->n_vectors, want->n_vectors);
    ck_assert_double_le(distance(got->n_vectors, got->vectors, want->vectors), VECTOR_TOLERANCE);
    check_gradients(got, want);
}

/* From one text a chunk to all but one; sizes that divide the batch and that don't. */
START_TEST(chunks_of_any_size_give_the_direct_result)
{
    const double dropouts[] = {0, 0.1, -1};
    const int64_t sizes[] = {1, 40, 64, 97, 256, batch.n_tok / 2, batch.n_tok - 1};
    tern_pass pass = {.batch = &batch, .dropout = dropouts[_i], .seed = 3, .step = 5};
    tern_tape *tape = tern_tape_create();
    outcome want = run(tape, &pass, 0, in_batch);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert_int_gt(tern_backprop_chunks(&batch, sizes[i]), 1);
        outcome got = run(tape, &pass, sizes[i], in_batch);
        ck_assert_int_eq(got.calls, 1);
        check_same(&got, &want);
        outcome_free(&got);
    }
    outcome_free(&want);
    tern_tape_free(tape);
}
END_TEST

START_TEST(a_chunk_that_holds_the_batch_is_the_direct_form_to_the_bit)
{
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5};
    tern_tape *tape = tern_tape_create();
    outcome want = run(tape, &pass, 0, in_batch), got = run(tape, &pass, batch.n_tok, in_batch);
    ck_assert(got.loss == want.loss);
    ck_assert_mem_eq(got.gradients, want.gradients, (size_t)params->size * sizeof(tern_real));
    outcome_free(&got);
    outcome_free(&want);
    tern_tape_free(tape);
}
END_TEST

START_TEST(places_of_the_logical_batch_decide_what_is_dropped)
{
    int64_t places[SEQUENCES];
    for (int64_t i = 0; i < SEQUENCES; i++)
        places[i] = 3 * i + 5;
    tern_packed moved = batch;
    moved.places = places;
    tern_pass pass = {.batch = &moved, .dropout = 0.1, .seed = 3, .step = 5};
    tern_pass plain = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5};
    tern_tape *tape = tern_tape_create();
    outcome want = run(tape, &pass, 0, in_batch), got = run(tape, &pass, 80, in_batch);
    outcome other = run(tape, &plain, 80, in_batch);
    check_same(&got, &want);
    ck_assert_double_gt(distance(got.n_vectors, got.vectors, other.vectors), 1e-3);
    outcome_free(&other);
    outcome_free(&got);
    outcome_free(&want);
    tern_tape_free(tape);
}
END_TEST

START_TEST(token_types_go_with_their_tokens)
{
    int32_t types[SEQUENCES * LONGEST];
    for (int64_t i = 0; i < batch.n_tok; i++)
        types[i] = (int32_t)(i % 3 == 0);
    tern_packed typed = batch;
    typed.types = types;
    tern_pass pass = {.batch = &typed, .dropout = 0, .seed = 3, .step = 5};
    tern_tape *tape = tern_tape_create();
    outcome want = run(tape, &pass, 0, in_batch), got = run(tape, &pass, 70, in_batch);
    check_same(&got, &want);
    outcome_free(&got);
    outcome_free(&want);
    tern_tape_free(tape);
}
END_TEST

START_TEST(threads_do_not_change_a_bit)
{
    int threads = omp_get_max_threads();
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5};
    tern_tape *tape = tern_tape_create();
    omp_set_num_threads(1);
    outcome want = run(tape, &pass, 100, in_batch);
    omp_set_num_threads(3);
    outcome got = run(tape, &pass, 100, in_batch);
    omp_set_num_threads(threads);
    ck_assert(got.loss == want.loss);
    ck_assert_mem_eq(got.gradients, want.gradients, (size_t)params->size * sizeof(tern_real));
    outcome_free(&got);
    outcome_free(&want);
    tern_tape_free(tape);
}
END_TEST

/* A leaf that the loss itself learns. */
typedef struct learned {
    tern_real factor, gradient;
} learned;

static tern_tensor *scaled_sum(void *context, tern_tape *tape, tern_tensor *x)
{
    learned *l = context;
    tern_tensor *w = tern_tape_input(tape, &l->factor, 1, 1, 1);
    w->grad = &l->gradient;
    return tern_sum(tape, tern_linear(tape, tern_columns_of(tape, x, 0, 1), w, NULL));
}

START_TEST(what_the_loss_learns_gets_its_gradient)
{
    tern_pass pass = {.batch = &batch, .dropout = 0, .seed = 3, .step = 5};
    learned whole = {2, 0}, chunks = {2, 0};
    tern_tape *tape = tern_tape_create();
    tern_backprop job = {encoder, &pass, 0, scaled_sum, &whole};
    tern_backprop_run(tape, &job);
    job.chunk_tokens = 50;
    job.context = &chunks;
    tern_backprop_run(tape, &job);
    tern_params_zero_grads(params);
    ck_assert_double_gt(fabs((double)whole.gradient), 1e-3);
    ck_assert_double_eq_tol((double)chunks.gradient, (double)whole.gradient, 1e-5 * fabs((double)whole.gradient));
    tern_tape_free(tape);
}
END_TEST

static tern_tensor *not_a_number(void *context, tern_tape *tape, tern_tensor *x)
{
    ++*(int *)context;
    tern_tensor *loss = tern_sum(tape, x);
    *loss->data = (tern_real)NAN;
    return loss;
}

START_TEST(a_loss_that_is_not_finite_comes_back_without_gradients)
{
    tern_pass pass = {.batch = &batch, .dropout = 0, .seed = 3, .step = 5};
    tern_tape *tape = tern_tape_create();
    int calls = 0;
    tern_backprop job = {encoder, &pass, _i ? 50 : 0, not_a_number, &calls};
    ck_assert(isnan(tern_backprop_run(tape, &job)));
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(tern_tape_recording(tape), 1);
    for (int64_t i = 0; i < params->size; i++)
        ck_assert(params->grad[i] == 0);
    tern_tape_free(tape);
}
END_TEST

START_TEST(gradients_are_added_to_those_that_are_there)
{
    tern_pass pass = {.batch = &batch, .dropout = 0, .seed = 3, .step = 5};
    tern_tape *tape = tern_tape_create();
    outcome o = {0}, once = run(tape, &pass, 90, in_batch);
    tern_backprop job = {encoder, &pass, 90, in_batch, &o};
    tern_backprop_run(tape, &job);
    outcome_free(&o);
    outcome twice = run(tape, &pass, 90, in_batch);
    for (int64_t i = 0; i < params->size; i++)
        once.gradients[i] *= 2;
    check_gradients(&twice, &once);
    outcome_free(&twice);
    outcome_free(&once);
    tern_tape_free(tape);
}
END_TEST

START_TEST(chunks_are_whole_sequences_within_the_limit)
{
    for (int64_t limit = 1; limit < batch.n_tok + 2; limit += 13) {
        int64_t from = 0, n = 0;
        while (from < batch.n_seq) {
            int64_t to = tern_backprop_chunk(&batch, from, limit), tokens = offsets[to] - offsets[from];
            ck_assert(tokens <= limit || to == from + 1);
            ck_assert(to == batch.n_seq || offsets[to + 1] - offsets[from] > limit);
            from = to;
            n++;
        }
        ck_assert_int_eq(n, tern_backprop_chunks(&batch, limit));
    }
    ck_assert_int_eq(tern_backprop_chunks(&batch, 0), 1);
}
END_TEST

/* Chunks need a part of what the whole takes: that is what they are for. */
START_TEST(chunks_take_less_memory)
{
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5};
    size_t bytes[2];
    for (int i = 0; i < 2; i++) {
        tern_tape *tape = tern_tape_create();
        for (int step = 0; step < 2; step++) {
            outcome o = run(tape, &pass, i ? batch.n_tok / 4 : 0, in_batch);
            outcome_free(&o);
        }
        bytes[i] = tern_tape_capacity(tape);
        tern_tape_free(tape);
    }
    ck_assert_msg(bytes[1] < bytes[0] / 2, "%zu bytes in chunks, %zu at once", bytes[1], bytes[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backprop");
    TCase *tcase = tcase_create("backprop");
    tcase_set_timeout(tcase, 120);
    tcase_add_unchecked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, chunks_of_any_size_give_the_direct_result, 0, 3);
    tcase_add_test(tcase, a_chunk_that_holds_the_batch_is_the_direct_form_to_the_bit);
    tcase_add_test(tcase, places_of_the_logical_batch_decide_what_is_dropped);
    tcase_add_test(tcase, token_types_go_with_their_tokens);
    tcase_add_test(tcase, threads_do_not_change_a_bit);
    tcase_add_test(tcase, what_the_loss_learns_gets_its_gradient);
    tcase_add_loop_test(tcase, a_loss_that_is_not_finite_comes_back_without_gradients, 0, 2);
    tcase_add_test(tcase, gradients_are_added_to_those_that_are_there);
    tcase_add_test(tcase, chunks_are_whole_sequences_within_the_limit);
    tcase_add_test(tcase, chunks_take_less_memory);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
