/* Vectors of earlier layers: those of a model that ends there, to the bit, whether or not they are recorded. */
#include "autograd/ops.h"
#include "tests/encoders.h"

#include <string.h>

enum { LAYERS = 9, DIM = 7, TEXTS = 5 };

static const int64_t offsets[TEXTS + 1] = {0, 3, 4, 9, 11, 17};
static const int32_t ids[17] = {1, 5, 2, 3, 9, 8, 8, 1, 0, 4, 6, 7, 7, 2, 1, 10, 3};
static const tern_packed batch = {.n_seq = TEXTS, .n_tok = 17, .max_len = 6, .ids = ids, .offsets = offsets};

static tern_encoder *make(int64_t layers, tern_pooling pooling)
{
    tern_encoder_config config = {
        .bert = tiny_bert(layers),
        .n_modules = 3,
        .modules = {
            {.kind = TERN_MODULE_POOLING, .pooling = pooling},
            {.kind = TERN_MODULE_DENSE, .in_features = 12, .out_features = DIM, .bias = 1, .activation = TERN_TANH},
            {.kind = TERN_MODULE_NORMALIZE}}};
    return learning_encoder(&config, 1);
}

/* The first layers of whole, with its weights. */
static tern_encoder *cut(const tern_encoder *whole, int64_t layers, tern_pooling pooling)
{
    tern_encoder *part = make(layers, pooling);
    tern_params *params = tern_encoder_params(part);
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *from = tern_params_find(tern_encoder_params(whole), params->table[i].name);
        tern_tensor *to = params->table[i].tensor;
        memcpy(to->data, from->tensor->data, tern_tensor_size(to) * sizeof *to->data);
    }
    return part;
}

static void expect_columns(const tern_tensor *x, int64_t from, const tern_tensor *wanted)
{
    ck_assert_int_eq(wanted->cols, DIM);
    for (int64_t t = 0; t < TEXTS; t++)
        ck_assert_mem_eq(x->data + t * x->cols + from, wanted->data + t * DIM, DIM * sizeof *x->data);
}

/* More layers than one record of the stacking takes. */
static void compare(tern_pooling pooling, double dropout, int recording)
{
    static const int asked[] = {0, 1, 2, 3, 5, 6, 7};
    enum { ASKED = sizeof asked / sizeof *asked };
    tern_encoder *whole = make(LAYERS, pooling);
    tern_tape *tape = tern_tape_create(), *other = tern_tape_create();
    tern_pass pass = {.tape = tape, .batch = &batch, .dropout = dropout, .seed = 3, .step = 5};
    tern_tape_set_recording(tape, recording);
    tern_tape_set_recording(other, recording);
    pass.layers = asked;
    pass.n_layers = ASKED;
    tern_tensor *x = tern_encoder_embed(whole, &pass);
    ck_assert_int_eq(x->rows, TEXTS);
    ck_assert_int_eq(x->cols, DIM * (1 + ASKED));
    pass.tape = other;
    pass.n_layers = 0;
    pass.layers = NULL;
    expect_columns(x, 0, tern_encoder_embed(whole, &pass));
    for (int v = 0; v < ASKED; v++) {
        tern_encoder *part = cut(whole, asked[v] + 1, pooling);
        expect_columns(x, DIM * (1 + v), tern_encoder_embed(part, &pass));
        tern_encoder_free(part);
        tern_tape_reset(other);
    }
    tern_tape_free(tape);
    tern_tape_free(other);
    tern_encoder_free(whole);
}

START_TEST(an_earlier_layer_gives_the_vectors_of_a_model_that_ends_there)
{
    for (int pooling = TERN_POOL_MEAN; pooling <= TERN_POOL_MEAN_SQRT; pooling++)
        for (int recording = 0; recording < 2; recording++)
            compare((tern_pooling)pooling, recording ? 0.1 : 0, recording);
}
END_TEST

START_TEST(dropout_is_the_same_whether_recorded_or_not)
{
    compare(TERN_POOL_MEAN, 0.2, 0);
    compare(TERN_POOL_MEAN, 0.2, 1);
}
END_TEST

/* The gradient through two views is the sum of those through each: of the last layer, and of a model cut short. */
START_TEST(gradients_of_the_views_add_up)
{
    enum { CUT = 2 };
    tern_encoder *whole = make(4, TERN_POOL_MEAN), *last = make(4, TERN_POOL_MEAN);
    tern_encoder *part = cut(whole, CUT, TERN_POOL_MEAN);
    tern_tape *tape = tern_tape_create();
    tern_pass pass = {.tape = tape, .batch = &batch, .layers = (const int[]){CUT - 1}, .n_layers = 1};
    tern_tape_backward(tape, tern_sum(tape, tern_encoder_embed(whole, &pass)));
    tern_tape_reset(tape);
    pass.n_layers = 0;
    tern_tape_backward(tape, tern_sum(tape, tern_encoder_embed(last, &pass)));
    tern_tape_reset(tape);
    tern_tape_backward(tape, tern_sum(tape, tern_encoder_embed(part, &pass)));
    const tern_params *params = tern_encoder_params(whole);
    for (size_t i = 0; i < params->n; i++) {
        const tern_param *p = &params->table[i];
        const tern_param *a = tern_params_find(tern_encoder_params(last), p->name);
        const tern_param *b = tern_params_find(tern_encoder_params(part), p->name);
        for (size_t k = 0; k < tern_tensor_size(p->tensor); k++) {
            double wanted = (double)a->tensor->grad[k] + (b ? (double)b->tensor->grad[k] : 0);
            ck_assert_msg(fabs((double)p->tensor->grad[k] - wanted) < 2e-5 * (1 + fabs(wanted)), "%s %zu: %g, not %g",
                          p->name, k, (double)p->tensor->grad[k], wanted);
        }
    }
    tern_tape_free(tape);
    tern_encoder_free(whole);
    tern_encoder_free(last);
    tern_encoder_free(part);
}
END_TEST

/* Without recording the earlier vectors cost their own memory and nothing of the layers'. */
START_TEST(without_recording_the_views_take_little_memory)
{
    tern_encoder *whole = make(LAYERS, TERN_POOL_MEAN);
    size_t bytes[2];
    for (int views = 0; views < 2; views++) {
        tern_tape *tape = tern_tape_create();
        tern_tape_set_recording(tape, 0);
        tern_pass pass = {.tape = tape, .batch = &batch, .layers = (const int[]){0, 4}, .n_layers = 2 * views};
        tern_encoder_embed(whole, &pass);
        tern_arena_mark here = tern_arena_here(tern_tape_arena(tape));
        bytes[views] = here.used;
        tern_tape_free(tape);
    }
    ck_assert_uint_le(bytes[1] - bytes[0], 8192);
    tern_encoder_free(whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("encoder_layers");
    TCase *tc = tcase_create("layers");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, an_earlier_layer_gives_the_vectors_of_a_model_that_ends_there);
    tcase_add_test(tc, dropout_is_the_same_whether_recorded_or_not);
    tcase_add_test(tc, gradients_of_the_views_add_up);
    tcase_add_test(tc, without_recording_the_views_take_little_memory);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
