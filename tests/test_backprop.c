/* The gradient cache against the direct form: the same loss, vectors and gradients, with dropout on and chunks of
 * any size. */
#include "tests/encoders.h"

#include "autograd/ops.h"
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
static tern_tape *tape;

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
    encoder = learning_encoder(&config, 7);
    params = tern_encoder_params(encoder);
    batch = random_texts(0, SEQUENCES, LONGEST, 90, ids, offsets);
}

static void tear_down(void)
{
    tern_encoder_free(encoder);
}

static void make_tape(void)
{
    tape = tern_tape_create();
}

static void free_tape(void)
{
    tern_tape_free(tape);
}

/* What one run gives. */
typedef struct outcome {
    double loss;
    tern_real *vectors, *gradients; /* [n_seq, width], [params->size] */
    int64_t n_vectors;
    int calls; /* of the loss */
} outcome;

/* Anchors are the first half of the sequences, positives the second; both softmaxes. */
static tern_tensor *in_batch(void *context, tern_tape *on, tern_tensor *x)
{
    outcome *o = context;
    o->calls++;
    o->n_vectors = (int64_t)tern_tensor_size(x);
    o->vectors = tern_realloc(o->vectors, tern_tensor_size(x), sizeof *o->vectors);
    memcpy(o->vectors, x->data, tern_tensor_size(x) * sizeof *x->data);
    tern_tensor *unit = tern_normalize(on, x);
    tern_tensor *a = tern_rows_of(on, unit, 0, ROWS), *c = tern_rows_of(on, unit, ROWS, ROWS);
    tern_in_batch options = {.scale = 20, .directions = TERN_A_TO_C | TERN_C_TO_A};
    return tern_in_batch_softmax(on, a, c, &options);
}

static outcome run(const tern_pass *pass, int64_t chunk_tokens, tern_backprop_loss loss)
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

/* Frees got. */
static void check_close(outcome *got, const outcome *want)
{
    ck_assert_double_eq_tol(got->loss, want->loss, 1e-6 * fabs(want->loss));
    ck_assert_int_eq(got->n_vectors, want->n_vectors);
    ck_assert_double_le(distance(got->n_vectors, got->vectors, want->vectors), VECTOR_TOLERANCE);
    check_gradients(got, want);
    outcome_free(got);
}

/* Frees both. */
static void check_bits(outcome *got, outcome *want)
{
    ck_assert(got->loss == want->loss);
    ck_assert_mem_eq(got->gradients, want->gradients, (size_t)params->size * sizeof(tern_real));
    outcome_free(got);
    outcome_free(want);
}

/* From one text a chunk to all but one; sizes that divide the batch and that don't. */
START_TEST(chunks_of_any_size_give_the_direct_result)
{
    const double dropouts[] = {0, 0.1, -1};
    const int64_t sizes[] = {1, 40, 64, 97, 256, batch.n_tok / 2, batch.n_tok - 1};
    tern_pass pass = {.batch = &batch, .dropout = dropouts[_i], .seed = 3, .step = 5};
    outcome want = run(&pass, 0, in_batch);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert_int_lt(tern_backprop_chunk(&batch, 0, sizes[i]), SEQUENCES);
        outcome got = run(&pass, sizes[i], in_batch);
        ck_assert_int_eq(got.calls, 1);
        check_close(&got, &want);
    }
    outcome_free(&want);
}
END_TEST

START_TEST(a_chunk_that_holds_the_batch_is_the_direct_form_to_the_bit)
{
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5};
    outcome want = run(&pass, 0, in_batch), got = run(&pass, batch.n_tok, in_batch);
    check_bits(&got, &want);
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
    outcome want = run(&pass, 0, in_batch), got = run(&pass, 80, in_batch);
    outcome other = run(&plain, 80, in_batch);
    ck_assert_double_gt(distance(got.n_vectors, got.vectors, other.vectors), 1e-3);
    check_close(&got, &want);
    outcome_free(&other);
    outcome_free(&want);
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
    outcome want = run(&pass, 0, in_batch), got = run(&pass, 70, in_batch);
    check_close(&got, &want);
    outcome_free(&want);
}
END_TEST

/* Bfloat16 rounds an activation by at most 2^-8 of itself. A gradient goes through five operations a layer that read
 * such activations, in 3 layers one after the other: 15 roundings, which are independent and so add as their root, 4 x
 * 2^-8; a softmax's or gelu's slope may double one. */
START_TEST(activations_of_bfloat16_give_the_same_loss_and_nearly_its_gradients)
{
    static const double BOUND = 8.0 / 256;
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5};
    outcome want = run(&pass, 0, in_batch);
    pass.bfloat16 = 1;
    outcome got = run(&pass, 0, in_batch);
    ck_assert(got.loss == want.loss);
    double off = distance(params->size, got.gradients, want.gradients);
    ck_assert_msg(off > 1e-4 && off < BOUND, "gradients off by %g", off);
    outcome_free(&got);
    outcome_free(&want);
}
END_TEST

/* Activations are the same to the bit in any chunk, so what they are rounded to is, too. */
START_TEST(chunks_with_bfloat16_give_the_direct_result)
{
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5, .bfloat16 = 1};
    outcome want = run(&pass, 0, in_batch);
    for (int64_t size = 40; size < batch.n_tok; size += 97) {
        outcome got = run(&pass, size, in_batch);
        check_close(&got, &want);
    }
    outcome_free(&want);
}
END_TEST

START_TEST(threads_do_not_change_a_bit)
{
    int threads = omp_get_max_threads();
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5, .bfloat16 = _i};
    omp_set_num_threads(1);
    outcome want = run(&pass, 100, in_batch);
    omp_set_num_threads(3);
    outcome got = run(&pass, 100, in_batch);
    omp_set_num_threads(threads);
    check_bits(&got, &want);
}
END_TEST

/* A leaf that the loss itself learns. */
typedef struct learned {
    tern_real factor, gradient;
} learned;

static tern_tensor *scaled_sum(void *context, tern_tape *on, tern_tensor *x)
{
    learned *l = context;
    tern_tensor *w = tern_tape_input(on, &l->factor, 1, 1, 1);
    w->grad = &l->gradient;
    return tern_sum(on, tern_linear(on, tern_columns_of(on, x, 0, 1), w, NULL));
}

START_TEST(what_the_loss_learns_gets_its_gradient)
{
    tern_pass pass = {.batch = &batch, .dropout = 0, .seed = 3, .step = 5};
    learned whole = {2, 0}, chunks = {2, 0};
    tern_backprop job = {encoder, &pass, 0, scaled_sum, &whole};
    tern_backprop_run(tape, &job);
    job.chunk_tokens = 50;
    job.context = &chunks;
    tern_backprop_run(tape, &job);
    tern_params_zero_grads(params);
    ck_assert_double_gt(fabs((double)whole.gradient), 1e-3);
    ck_assert_double_eq_tol((double)chunks.gradient, (double)whole.gradient, 1e-5 * fabs((double)whole.gradient));
}
END_TEST

static tern_tensor *not_a_number(void *context, tern_tape *on, tern_tensor *x)
{
    ++*(int *)context;
    tern_tensor *loss = tern_sum(on, x);
    *loss->data = (tern_real)NAN;
    return loss;
}

START_TEST(a_loss_that_is_not_finite_comes_back_without_gradients)
{
    tern_pass pass = {.batch = &batch, .dropout = 0, .seed = 3, .step = 5};
    int calls = 0;
    tern_backprop job = {encoder, &pass, _i ? 50 : 0, not_a_number, &calls};
    ck_assert(isnan(tern_backprop_run(tape, &job)));
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(tern_tape_recording(tape), 1);
    for (int64_t i = 0; i < params->size; i++)
        ck_assert(params->grad[i] == 0);
}
END_TEST

START_TEST(gradients_are_added_to_those_that_are_there)
{
    tern_pass pass = {.batch = &batch, .dropout = 0, .seed = 3, .step = 5};
    outcome o = {0}, once = run(&pass, 90, in_batch);
    tern_backprop job = {encoder, &pass, 90, in_batch, &o};
    tern_backprop_run(tape, &job);
    outcome_free(&o);
    outcome twice = run(&pass, 90, in_batch);
    for (int64_t i = 0; i < params->size; i++)
        once.gradients[i] *= 2;
    check_gradients(&twice, &once);
    outcome_free(&twice);
    outcome_free(&once);
}
END_TEST

START_TEST(chunks_are_whole_sequences_within_the_limit)
{
    for (int64_t limit = 1; limit < batch.n_tok + 2; limit += 13) {
        int64_t from = 0;
        while (from < batch.n_seq) {
            int64_t to = tern_backprop_chunk(&batch, from, limit), tokens = offsets[to] - offsets[from];
            ck_assert(tokens <= limit || to == from + 1);
            ck_assert(to == batch.n_seq || offsets[to + 1] - offsets[from] > limit);
            from = to;
        }
    }
    ck_assert_int_eq(tern_backprop_chunk(&batch, 0, 0), batch.n_seq);
}
END_TEST

/* Chunks need a part of what the whole takes: that is what they are for. */
START_TEST(chunks_take_less_memory)
{
    tern_pass pass = {.batch = &batch, .dropout = 0.1, .seed = 3, .step = 5};
    size_t bytes[2];
    for (int i = 0; i < 2; i++) {
        for (int step = 0; step < 2; step++) {
            outcome o = run(&pass, i ? batch.n_tok / 4 : 0, in_batch);
            outcome_free(&o);
        }
        bytes[i] = tern_tape_capacity(tape);
        free_tape();
        make_tape();
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
    tcase_add_checked_fixture(tcase, make_tape, free_tape);
    tcase_add_loop_test(tcase, chunks_of_any_size_give_the_direct_result, 0, 3);
    tcase_add_test(tcase, a_chunk_that_holds_the_batch_is_the_direct_form_to_the_bit);
    tcase_add_test(tcase, places_of_the_logical_batch_decide_what_is_dropped);
    tcase_add_test(tcase, token_types_go_with_their_tokens);
    tcase_add_test(tcase, activations_of_bfloat16_give_the_same_loss_and_nearly_its_gradients);
    tcase_add_test(tcase, chunks_with_bfloat16_give_the_direct_result);
    tcase_add_loop_test(tcase, threads_do_not_change_a_bit, 0, 2);
    tcase_add_test(tcase, what_the_loss_learns_gets_its_gradient);
    tcase_add_loop_test(tcase, a_loss_that_is_not_finite_comes_back_without_gradients, 0, 2);
    tcase_add_test(tcase, gradients_are_added_to_those_that_are_there);
    tcase_add_test(tcase, chunks_are_whole_sequences_within_the_limit);
    tcase_add_test(tcase, chunks_take_less_memory);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
