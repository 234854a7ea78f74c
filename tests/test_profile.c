/* Profiles: each second counted once, a trace that viewers can read, operations with their work, and no effect on what
 * is computed. */
#include "tests/support.h"

#include "autograd/ops.h"

#include <jansson.h>
#include <string.h>

static tern_profile *profile;
static double now; /* of a clock that stands still but for spend */

static double read_clock(void)
{
    return now;
}

static void set_up(void)
{
    now = 1000;
    profile = tern_profile_create(read_clock);
}

static void tear_down(void)
{
    tern_profile_free(profile);
}

static void spend(double seconds)
{
    now += seconds;
}

static const tern_profile_row *row_of(const char *name, const char *pass, int in_step)
{
    size_t n;
    const tern_profile_row *rows = tern_profile_rows(profile, &n);
    for (size_t i = 0; i < n; i++)
        if (rows[i].in_step == in_step && strcmp(rows[i].name, name) == 0 && strcmp(rows[i].pass, pass) == 0)
            return &rows[i];
    return NULL;
}

static double seconds_of_rows(int in_step)
{
    size_t n;
    double sum = 0;
    const tern_profile_row *rows = tern_profile_rows(profile, &n);
    for (size_t i = 0; i < n; i++)
        sum += rows[i].in_step == in_step ? rows[i].seconds : 0;
    return sum;
}

START_TEST(a_profile_that_is_not_wanted_does_nothing)
{
    tern_profile_begin(NULL, "a");
    tern_profile_add(NULL, "b", "forward", NULL, NULL);
    tern_profile_enter(NULL, "c");
    tern_profile_leave(NULL);
    tern_profile_end(NULL, NULL);
    tern_profile_step_begin(NULL, 1);
    tern_profile_step_end(NULL, NULL);
    ck_assert(!tern_profile_traces(NULL));
    tern_profile_free(NULL);
}
END_TEST

START_TEST(a_span_has_the_time_that_spans_inside_it_do_not_have)
{
    tern_profile_begin(profile, "outer");
    spend(2);
    tern_profile_enter(profile, "around");
    tern_profile_begin(profile, "inner");
    spend(16);
    tern_profile_end(profile, NULL);
    spend(1);
    tern_profile_leave(profile);
    tern_profile_end(profile, NULL);
    spend(4);
    ck_assert_double_eq(row_of("inner", "", 0)->seconds, 16);
    ck_assert_double_eq(row_of("outer", "", 0)->seconds, 3);
    ck_assert_double_eq(tern_profile_seconds(profile), 23);
    ck_assert_ptr_null(row_of("around", "", 0));
}
END_TEST

START_TEST(what_is_added_took_since_the_call_before)
{
    tern_profile_begin(profile, "a");
    tern_profile_end(profile, NULL);
    spend(3);
    tern_profile_add(profile, "b", "forward", &(tern_work){5, 7}, NULL);
    spend(4);
    tern_profile_add(profile, "b", "forward", &(tern_work){1, 2}, NULL);
    tern_profile_add(profile, "b", "backward", NULL, NULL);
    const tern_profile_row *row = row_of("b", "forward", 0);
    ck_assert_int_eq(row->calls, 2);
    ck_assert_double_eq(row->seconds, 7);
    ck_assert_double_eq(row_of("b", "backward", 0)->seconds, 0);
    ck_assert_double_eq(row->work.flops, 6);
    ck_assert_double_eq(row->work.bytes, 9);
}
END_TEST

START_TEST(rows_of_steps_add_up_to_the_steps)
{
    for (int step = 1; step <= 3; step++) {
        tern_profile_step_begin(profile, step);
        tern_profile_begin(profile, "batch");
        spend(1);
        tern_profile_end(profile, NULL);
        spend(2);
        tern_profile_add(profile, "linear", "forward", NULL, NULL);
        tern_profile_enter(profile, "layer");
        spend(4);
        tern_profile_leave(profile);
        tern_profile_step_end(profile, NULL);
        spend(8);
    }
    ck_assert_int_eq(tern_profile_steps(profile), 3);
    ck_assert_int_eq(row_of("batch", "", 1)->calls, 3);
    ck_assert_double_eq(tern_profile_step_seconds(profile), 21);
    ck_assert_double_eq(seconds_of_rows(1), 9); /* the rest is the table's "other" */
    ck_assert_double_eq(seconds_of_rows(0), 0);
}
END_TEST

START_TEST(a_step_ends_what_was_left_open_inside_it)
{
    tern_profile_step_begin(profile, 1);
    tern_profile_enter(profile, "encoder.layer.0");
    tern_profile_begin(profile, "failed");
    tern_profile_enter(profile, "deeper");
    tern_profile_step_end(profile, NULL);
    tern_profile_step_begin(profile, 2);
    tern_profile_leave(profile);
    tern_profile_step_end(profile, NULL);
    ck_assert_int_eq(tern_profile_steps(profile), 2);
}
END_TEST

/* The trace as it was written and read back. */
static json_t *trace_of(void)
{
    static int made;
    char name[32];
    snprintf(name, sizeof name, "trace-%d.json", made++);
    const char *path = tern_test_path(name);
    tern_error error = {{0}};
    json_error_t where;
    ck_assert_msg(tern_profile_write_trace(profile, path, 0, &error) == 0, "%s", error.message);
    ck_assert_int_lt(tern_profile_write_trace(profile, path, 0, &error), 0);
    json_t *trace = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    ck_assert_msg(trace != NULL, "%s: line %d: %s", path, where.line, where.text);
    return trace;
}

/* The n-th "X" event of that name. */
static json_t *event_of(const json_t *trace, const char *name, int n)
{
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(trace, "traceEvents"), i, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "ph")), "X") == 0 &&
            strcmp(json_string_value(json_object_get(event, "name")), name) == 0 && n-- == 0)
            return event;
    }
    return NULL;
}

static double number(const json_t *event, const char *key)
{
    ck_assert_msg(json_is_number(json_object_get(event, key)), "no %s", key);
    return json_number_value(json_object_get(event, key));
}

static void check_inside(const json_t *inner, const json_t *outer)
{
    const double rounding = 0.0011; /* both are printed with three decimals */
    double start = number(inner, "ts"), around = number(outer, "ts");
    ck_assert_double_ge(start, around - rounding);
    ck_assert_double_le(start + number(inner, "dur"), around + number(outer, "dur") + rounding);
}

START_TEST(the_trace_is_json_with_spans_inside_spans)
{
    tern_profile_step_begin(profile, 7);
    tern_profile_enter(profile, "a \"place\" \\ with\nall");
    spend(0.5);
    tern_profile_add(profile, "linear", "forward", &(tern_work){2e6, 3e6}, "[1, 2] -> [3, 4]");
    tern_profile_leave(profile);
    tern_profile_step_end(profile, "12 tokens");
    json_t *trace = trace_of(), *step = event_of(trace, "step 7", 0), *op = event_of(trace, "linear", 0);
    json_t *place = event_of(trace, "a \"place\" \\ with\nall", 0);
    ck_assert(step && op && place);
    check_inside(op, place);
    check_inside(place, step);
    ck_assert_double_eq(number(op, "ts"), 0);
    ck_assert_double_eq(number(op, "dur"), 5e5);
    const json_t *args = json_object_get(op, "args");
    ck_assert_double_eq_tol(number(args, "GF"), 2e-3, 1e-9);
    ck_assert_double_eq_tol(number(args, "GF/s"), 4e-3, 1e-9);
    ck_assert_double_eq_tol(number(args, "MB"), 3, 1e-9);
    ck_assert_str_eq(json_string_value(json_object_get(args, "detail")), "[1, 2] -> [3, 4]");
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(step, "args"), "detail")), "12 tokens");
    json_decref(trace);
}
END_TEST

START_TEST(later_steps_are_one_span_each)
{
    for (int step = 1; step <= TERN_PROFILE_TRACED_STEPS + 3; step++) {
        tern_profile_step_begin(profile, step);
        ck_assert_int_eq(tern_profile_traces(profile), step <= TERN_PROFILE_TRACED_STEPS);
        tern_profile_add(profile, "linear", "forward", NULL, NULL);
        tern_profile_step_end(profile, NULL);
    }
    tern_profile_begin(profile, "checkpoint");
    tern_profile_end(profile, NULL);
    json_t *trace = trace_of();
    ck_assert_ptr_nonnull(event_of(trace, "linear", TERN_PROFILE_TRACED_STEPS - 1));
    ck_assert_ptr_null(event_of(trace, "linear", TERN_PROFILE_TRACED_STEPS));
    ck_assert_ptr_nonnull(event_of(trace, "step 8", 0));
    ck_assert_ptr_nonnull(event_of(trace, "checkpoint", 0));
    json_decref(trace);
}
END_TEST

START_TEST(a_long_run_has_a_bounded_trace)
{
    enum { MANY = 150000 };
    for (int i = 0; i < MANY; i++)
        tern_profile_add(profile, "log", "", NULL, NULL);
    ck_assert(!tern_profile_traces(profile));
    ck_assert_int_eq(row_of("log", "", 0)->calls, MANY);
    json_t *trace = trace_of();
    ck_assert_int_lt(json_array_size(json_object_get(trace, "traceEvents")), MANY);
    json_decref(trace);
}
END_TEST

START_TEST(an_empty_profile_is_an_empty_trace)
{
    json_t *trace = trace_of();
    ck_assert_int_eq(json_array_size(json_object_get(trace, "traceEvents")), 2);
    json_decref(trace);
    char *table = tern_profile_table(profile);
    ck_assert_ptr_nonnull(strstr(table, "the whole run"));
    ck_assert_ptr_null(strstr(table, "within steps"));
    free(table);
}
END_TEST

START_TEST(the_table_is_sorted_by_time_and_ends_with_the_steps)
{
    tern_profile_begin(profile, "reading");
    spend(10);
    tern_profile_end(profile, NULL);
    tern_profile_step_begin(profile, 1);
    tern_profile_add(profile, "first", "forward", NULL, NULL);
    tern_profile_add(profile, "second", "forward", NULL, NULL);
    spend(2);
    tern_profile_add(profile, "short", "forward", &(tern_work){6e9, 1e9}, NULL);
    spend(7);
    tern_profile_add(profile, "long", "backward", NULL, NULL);
    spend(1);
    tern_profile_step_end(profile, NULL);
    spend(5);
    char *table = tern_profile_table(profile);
    ck_assert_str_eq(table, "within steps         pass       calls   seconds  ms/step    share    GF/s    GB/s\n"
                            "long                 backward       1     7.000  7000.00   70.0 %       -       -\n"
                            "short                forward        1     2.000  2000.00   20.0 %     3.0     0.5\n"
                            "2 shorter ones                            0.000     0.00    0.0 %       -       -\n"
                            "other                                     1.000  1000.00   10.0 %       -       -\n"
                            "1 step                                   10.000 10000.00  100.0 %     0.6     0.1\n"
                            "\n"
                            "the whole run                   calls   seconds    share\n"
                            "1 step                                   10.000   40.0 %\n"
                            "reading                             1    10.000   40.0 %\n"
                            "other                                     5.000   20.0 %\n"
                            "all                                      25.000  100.0 %\n");
    free(table);
}
END_TEST

/* Operations ------------------------------------------------------------------------------------------ */

enum { TOKENS = 7, WIDTH = 8, INNER = 16, WORDS = 5 };

static const int32_t ids[TOKENS] = {0, 1, 2, 3, 4, 1, 1};
static const int64_t offsets[] = {0, 4, 7};
static const tern_packed batch = {.n_seq = 2, .n_tok = TOKENS, .max_len = 4, .ids = ids, .offsets = offsets};

typedef struct model {
    tern_params *params;
    tern_tensor *word, *position, *type, *qkv, *qkv_bias, *up, *up_bias, *down, *down_bias;
} model;

static model make_model(void)
{
    model m = {.params = tern_params_create()};
    m.word = tern_params_add(m.params, "word", WORDS, WIDTH, 0);
    m.position = tern_params_add(m.params, "position", 4, WIDTH, 0);
    m.type = tern_params_add(m.params, "type", 1, WIDTH, TERN_PARAM_FROZEN);
    m.qkv = tern_params_add(m.params, "qkv", 3 * WIDTH, WIDTH, 0);
    m.qkv_bias = tern_params_add(m.params, "qkv_bias", 1, 3 * WIDTH, 0);
    m.up = tern_params_add(m.params, "up", INNER, WIDTH, 0);
    m.up_bias = tern_params_add(m.params, "up_bias", 1, INNER, 0);
    m.down = tern_params_add(m.params, "down", WIDTH, INNER, 0);
    m.down_bias = tern_params_add(m.params, "down_bias", 1, WIDTH, 0);
    tern_params_allocate(m.params);
    tern_params_want_grads(m.params);
    for (int64_t i = 0; i < m.params->size; i++)
        m.params->value[i] = (tern_real)(i * 37 % 101) / 101 - (tern_real)0.5;
    return m;
}

static tern_tensor *forward(tern_tape *tape, const model *m)
{
    tern_tape_within(tape, "layer");
    tern_tensor *x = tern_embedding(tape, &batch, m->word, m->position, m->type, NULL);
    x = tern_attention(tape, tern_linear(tape, x, m->qkv, m->qkv_bias), &batch, 2, NULL);
    x = tern_feed_forward(tape, x, m->up, m->up_bias, m->down, m->down_bias);
    tern_tape_within(tape, "the loss");
    x = tern_normalize(tape, tern_pool(tape, x, &batch, TERN_POOL_KIND_MEAN));
    tern_in_batch in_batch = {.scale = 20, .directions = TERN_A_TO_C | TERN_C_TO_A};
    return tern_in_batch_softmax(tape, x, x, &in_batch);
}

static void run(const model *m, tern_profile *to)
{
    tern_tape *tape = tern_tape_create();
    tern_tape_set_profile(tape, to);
    tern_profile_step_begin(to, 1);
    tern_tape_backward(tape, forward(tape, m));
    tern_tape_reset(tape);
    tern_tape_set_recording(tape, 0);
    forward(tape, m);
    tern_tape_reset(tape);
    tern_profile_step_end(to, NULL);
    tern_tape_free(tape);
}

START_TEST(a_profiled_tape_computes_the_same_bits)
{
    model plain = make_model(), watched = make_model();
    run(&plain, NULL);
    run(&watched, profile);
    size_t bytes = (size_t)plain.params->size * sizeof(tern_real);
    ck_assert_mem_eq(plain.params->grad, watched.params->grad, bytes);
    tern_params_free(plain.params);
    tern_params_free(watched.params);
}
END_TEST

static void check_work(const char *op, const char *pass, double flops, double values)
{
    const tern_profile_row *row = row_of(op, pass, 1);
    ck_assert_msg(row != NULL, "no row for %s %s", op, pass);
    ck_assert_int_eq(row->calls, 1);
    ck_assert_msg(row->work.flops == flops, "%s %s: %g operations, not %g", op, pass, row->work.flops, flops);
    ck_assert_msg(row->work.bytes == values * sizeof(tern_real), "%s %s: %g bytes, not those of %g values", op, pass,
                  row->work.bytes, values);
}

START_TEST(operations_have_rows_with_the_work_of_their_shapes)
{
    model m = make_model();
    run(&m, profile);
    double x = TOKENS * WIDTH, qkv = 3 * x, w = 3 * WIDTH * WIDTH, b = 3 * WIDTH;
    double up = INNER * WIDTH, all_four = 2 * up + INNER + WIDTH, product = 2 * TOKENS * 3 * WIDTH * WIDTH;
    check_work("linear", "forward", product, x + w + b + qkv);
    check_work("linear", "no grad", product, x + w + b + qkv);
    check_work("linear", "backward", 2 * product, 2 * (x + w + b) + qkv);
    double inner = 2 * TOKENS * up;
    check_work("feed_forward", "forward", 2 * inner, 2 * x + all_four);
    check_work("feed_forward", "backward", 4 * inner, 2 * (x + all_four) + x);
    double pairs = 4 * 4 + 3 * 3;
    check_work("attention", "forward", 4 * pairs * WIDTH, qkv + x);
    check_work("attention", "backward", 8 * pairs * WIDTH, 2 * qkv + x);
    check_work("embedding", "forward", 0, 2 * x);
    check_work("embedding", "backward", 0, 2 * x);
    double texts = 2 * WIDTH, similarities = 2 * (2 * 2) * 2 * WIDTH;
    check_work("in_batch_softmax", "forward", similarities, 2 * texts + 1);
    check_work("in_batch_softmax", "backward", 2 * similarities, 4 * texts + 1);
    check_work("normalize", "backward", 0, 3 * texts);
    tern_params_free(m.params);
}
END_TEST

START_TEST(gradients_that_nobody_wants_are_no_work)
{
    tern_tape *tape = tern_tape_create();
    tern_tape_set_profile(tape, profile);
    model m = make_model();
    float data[TOKENS * WIDTH] = {0};
    tern_tensor *x = tern_tape_input(tape, data, TOKENS, WIDTH, 0);
    m.up->needs_grad = 0;
    tern_tape_backward(tape, tern_sum(tape, tern_feed_forward(tape, x, m.up, m.up_bias, m.down, m.down_bias)));
    ck_assert_double_eq(row_of("feed_forward", "backward", 0)->work.flops, 2.0 * TOKENS * INNER * WIDTH);
    tern_tape_free(tape);
    tern_params_free(m.params);
}
END_TEST

START_TEST(operations_lie_inside_their_places_in_the_trace)
{
    model m = make_model();
    tern_profile_free(profile);
    profile = tern_profile_create(NULL);
    run(&m, profile);
    json_t *trace = trace_of(), *backward = event_of(trace, "backward", 0);
    for (int i = 0; i < 3; i++) {
        check_inside(event_of(trace, "attention", i), event_of(trace, "layer", i));
        check_inside(event_of(trace, "in_batch_softmax", i), event_of(trace, "the loss", i));
    }
    check_inside(event_of(trace, "layer", 1), backward);
    check_inside(event_of(trace, "the loss", 1), backward);
    check_inside(backward, event_of(trace, "step 1", 0));
    ck_assert_str_eq(json_string_value(json_object_get(event_of(trace, "attention", 1), "cat")), "backward");
    ck_assert_str_eq(json_string_value(json_object_get(event_of(trace, "attention", 2), "cat")), "no grad");
    ck_assert_str_eq(
        json_string_value(json_object_get(json_object_get(event_of(trace, "attention", 0), "args"), "detail")),
        "[7, 24] -> [7, 8]");
    json_decref(trace);
    tern_params_free(m.params);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tcase = tcase_create("profile");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_profile_that_is_not_wanted_does_nothing);
    tcase_add_test(tcase, a_span_has_the_time_that_spans_inside_it_do_not_have);
    tcase_add_test(tcase, what_is_added_took_since_the_call_before);
    tcase_add_test(tcase, rows_of_steps_add_up_to_the_steps);
    tcase_add_test(tcase, a_step_ends_what_was_left_open_inside_it);
    tcase_add_test(tcase, the_trace_is_json_with_spans_inside_spans);
    tcase_add_test(tcase, later_steps_are_one_span_each);
    tcase_add_test(tcase, a_long_run_has_a_bounded_trace);
    tcase_add_test(tcase, an_empty_profile_is_an_empty_trace);
    tcase_add_test(tcase, the_table_is_sorted_by_time_and_ends_with_the_steps);
    tcase_add_test(tcase, a_profiled_tape_computes_the_same_bits);
    tcase_add_test(tcase, operations_have_rows_with_the_work_of_their_shapes);
    tcase_add_test(tcase, gradients_that_nobody_wants_are_no_work);
    tcase_add_test(tcase, operations_lie_inside_their_places_in_the_trace);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
