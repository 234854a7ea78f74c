/* The training state: what is saved loads, nothing damaged reaches libhdf5, and a kill while writing loses nothing. */
#include "tests/support.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "checkpoints/state.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A small state of every kind. */
typedef struct contents {
    float weights[6], bias[3];
    int64_t step, cursor[4];
    double best;
    char *recipe;
} contents;

static tern_state *list_of(contents *c)
{
    tern_state *state = tern_state_create();
    tern_state_add_floats(state, "weights/layer.0.weight", c->weights, 2, 3);
    tern_state_add_floats(state, "adam_m/2_Dense/linear.weight", c->bias, 1, 3);
    tern_state_add_int64(state, "step", &c->step, 1);
    tern_state_add_int64(state, "cursor", c->cursor, 4);
    tern_state_add_double(state, "best_score", &c->best, 1);
    tern_state_add_string(state, "recipe", &c->recipe);
    return state;
}

static contents example(void)
{
    return (contents){.weights = {1, -2, 3, 4, 5, 1e-42F},
                      .bias = {7, 8, 9},
                      .step = 1LL << 60,
                      .cursor = {-1, 0, 1, 2},
                      .best = 0.1,
                      .recipe = (char *)"model: caf\xc3\xa9\nloss: x\n"};
}

static void save(contents *c, const char *path)
{
    tern_error error = {{0}};
    tern_state *state = list_of(c);
    ck_assert_msg(tern_state_save(state, path, &error) == 0, "%s", error.message);
    tern_state_free(state);
}

static int load(contents *c, const char *path, tern_error *error)
{
    tern_state *state = list_of(c);
    int status = tern_state_load(state, path, error);
    tern_state_free(state);
    return status;
}

START_TEST(what_is_saved_loads)
{
    contents saved = example(), loaded = {0};
    tern_error error = {{0}};
    const char *path = tern_test_path("state.h5");
    save(&saved, path);
    ck_assert_msg(load(&loaded, path, &error) == 0, "%s", error.message);
    ck_assert_mem_eq(loaded.weights, saved.weights, sizeof saved.weights);
    ck_assert_mem_eq(loaded.bias, saved.bias, sizeof saved.bias);
    ck_assert_mem_eq(loaded.cursor, saved.cursor, sizeof saved.cursor);
    ck_assert_int_eq(loaded.step, saved.step);
    ck_assert(loaded.best == saved.best);
    ck_assert_str_eq(loaded.recipe, saved.recipe);
    free(loaded.recipe);
    ck_assert_int_eq(tern_test_leftovers(), 0);
}
END_TEST

START_TEST(equal_states_give_equal_files)
{
    contents c = example();
    char *one, *two;
    size_t n, m;
    tern_error error = {{0}};
    save(&c, tern_test_path("a.h5"));
    save(&c, tern_test_path("b.h5"));
    ck_assert_int_eq(tern_file_read(tern_test_path("a.h5"), 0, &one, &n, &error), 0);
    ck_assert_int_eq(tern_file_read(tern_test_path("b.h5"), 0, &two, &m, &error), 0);
    ck_assert_uint_eq(n, m);
    ck_assert_mem_eq(one, two, n);
    free(one);
    free(two);
}
END_TEST

START_TEST(one_string_reads_alone_and_all_items_are_listed)
{
    contents c = example();
    char *text = NULL;
    tern_error error = {{0}};
    tern_state_listing listing;
    const char *path = tern_test_path("state.h5");
    save(&c, path);
    ck_assert(tern_state_is_state(path));
    tern_state_file *file = tern_state_open(path, NULL, &error);
    ck_assert_msg(file, "%s", error.message);
    ck_assert_int_eq(tern_state_get_string(file, "recipe", &text, &error), 0);
    ck_assert_str_eq(text, c.recipe);
    free(text);
    ck_assert_int_eq(tern_state_get_string(file, "step", &text, &error), -1);
    ck_assert_int_eq(tern_state_get_string(file, "nothing", &text, &error), -1);
    ck_assert(tern_state_has(file, "step") && !tern_state_has(file, "nothing"));
    tern_state_close(file);
    ck_assert_int_eq(tern_state_list(path, &listing, &error), 0);
    ck_assert_uint_eq(listing.n, 6);
    ck_assert_str_eq(listing.entries[0].name, "adam_m/2_Dense/linear.weight");
    ck_assert_str_eq(listing.entries[4].preview, "1152921504606846976");
    tern_state_listing_free(&listing);
}
END_TEST

START_TEST(parameters_are_matched_by_name_and_shape)
{
    tern_error error = {{0}};
    const char *path = tern_test_path("params.h5");
    tern_params *params = tern_params_create();
    tern_params_add(params, "w", 2, 3, 0);
    tern_params_add(params, "b", 1, 3, TERN_PARAM_VECTOR);
    tern_params_allocate(params);
    params->table[0].tensor->data[5] = 5;
    params->table[1].tensor->data[2] = 2;
    tern_state *state = tern_state_create();
    tern_state_add_params(state, "weights", params, params->value);
    ck_assert_int_eq(tern_state_save(state, path, &error), 0);

    /* the same tensors in another order, at other offsets */
    tern_params *other = tern_params_create();
    tern_params_add(other, "b", 1, 3, TERN_PARAM_VECTOR);
    tern_params_add(other, "w", 2, 3, 0);
    tern_params_allocate(other);
    tern_state *again = tern_state_create();
    tern_state_add_params(again, "weights", other, other->value);
    ck_assert_msg(tern_state_load(again, path, &error) == 0, "%s", error.message);
    ck_assert(other->table[1].tensor->data[5] == 5 && other->table[0].tensor->data[2] == 2);
    tern_state_free(again);
    tern_params_free(other);
    tern_state_free(state);
    tern_params_free(params);
}
END_TEST

START_TEST(missing_surplus_and_misshapen_items_are_named)
{
    contents c = example();
    tern_error error = {{0}};
    float more[8] = {0};
    int64_t number = 0;
    const char *path = tern_test_path("state.h5");
    save(&c, path);

    contents into = {0};
    tern_state *state = list_of(&into);
    tern_state_add_int64(state, "extra", &number, 1);
    ck_assert_int_eq(tern_state_load(state, path, &error), -1);
    ck_assert_msg(strstr(error.message, "no item extra"), "%s", error.message);
    ck_assert_int_eq(into.step, 0);
    tern_state_free(state);

    state = tern_state_create();
    tern_state_add_int64(state, "step", &number, 1);
    ck_assert_int_eq(tern_state_load(state, path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "adam_m/2_Dense/linear.weight"));
    tern_state_free(state);

    state = tern_state_create();
    tern_state_add_floats(state, "weights/layer.0.weight", more, 4, 2);
    ck_assert_int_eq(tern_state_load(state, path, &error), -1);
    ck_assert_msg(strstr(error.message, "float32 [2, 3]") && strstr(error.message, "float32 [4, 2]"), "%s",
                  error.message);
    tern_state_free(state);

    state = tern_state_create();
    tern_state_add_double(state, "step", &c.best, 1);
    ck_assert_int_eq(tern_state_load(state, path, &error), -1);
    ck_assert_msg(strstr(error.message, "int64 [1]"), "%s", error.message);
    tern_state_free(state);
}
END_TEST

/* The checksum's sentence, not libhdf5's: the damaged bytes never got that far. */
static void refused_before_hdf5(const char *path, size_t at)
{
    tern_error error = {{0}};
    contents into = {0};
    ck_assert_msg(load(&into, path, &error) < 0, "damage at byte %zu is taken", at);
    ck_assert_msg(strstr(error.message, "damaged") || strstr(error.message, "no training state"), "%zu: %s", at,
                  error.message);
    ck_assert_int_eq(into.step, 0);
}

START_TEST(damage_anywhere_is_refused_before_libhdf5)
{
    contents c = example();
    tern_error error = {{0}};
    char *file;
    size_t n;
    save(&c, tern_test_path("state.h5"));
    ck_assert_int_eq(tern_file_read(tern_test_path("state.h5"), 0, &file, &n, &error), 0);
    const char *path = tern_test_path("damaged.h5");
    for (size_t i = 0; i < 600 + 400; i++) {
        size_t at = i < 600 ? i : tern_random_below(n, 2, i, 0, 0);
        file[at] = (char)(file[at] ^ (1 << i % 8));
        tern_test_put_file(path, file, n);
        refused_before_hdf5(path, at);
        file[at] = (char)(file[at] ^ (1 << i % 8));
    }
    free(file);
}
END_TEST

START_TEST(truncation_is_refused_before_libhdf5)
{
    contents c = example();
    tern_error error = {{0}};
    char *file;
    size_t n;
    save(&c, tern_test_path("state.h5"));
    ck_assert_int_eq(tern_file_read(tern_test_path("state.h5"), 0, &file, &n, &error), 0);
    const char *path = tern_test_path("cut.h5");
    for (size_t keep = 0; keep < n; keep += keep < 600 ? 1 : 37) {
        tern_test_put_file(path, file, keep);
        if (keep > 0)
            refused_before_hdf5(path, keep);
    }
    free(file);
}
END_TEST

/* Saves state 2 over state 1 in a child that TERN_FAULT strikes; returns 1 when it was struck. */
static int struck_at(int place, const char *path)
{
    contents first = example(), second = example();
    first.step = 1;
    second.step = 2;
    save(&first, path);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char fault[40];
        snprintf(fault, sizeof fault, "checkpoint:%d", place);
        setenv("TERN_FAULT", fault, 1);
        tern_state *state = list_of(&second);
        _exit(tern_state_save(state, path, NULL) == 0 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

START_TEST(a_kill_at_any_place_leaves_the_old_state_or_the_new)
{
    const char *path = tern_test_path("struck.h5");
    int place = 1, seen[3] = {0};
    for (; struck_at(place, path); place++) {
        contents got = {0};
        tern_error error = {{0}};
        ck_assert_msg(load(&got, path, &error) == 0, "killed at place %d: %s", place, error.message);
        ck_assert(got.step == 1 || got.step == 2);
        seen[got.step]++;
        free(got.recipe);
        save(&(contents){.recipe = (char *)""}, path); /* and the next save is not disturbed by what is left */
    }
    ck_assert_int_gt(place, 9);
    ck_assert_int_gt(seen[1], 7);
    ck_assert_int_eq(seen[2], 1);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_state)
{
    enum { BIG = 1 << 18 };
    contents c = example();
    float *big = tern_calloc(BIG, sizeof *big);
    const char *path = tern_test_path("full.h5");
    struct rlimit old, small;
    tern_error error = {{0}};
    save(&c, path);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    tern_state *state = list_of(&c);
    tern_state_add_floats(state, "big", big, 1, BIG);
    for (rlim_t limit = 0; limit < BIG; limit += limit < 4096 ? 256 : 65536) {
        small = (struct rlimit){limit, old.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
        int status = tern_state_save(state, path, &error);
        setrlimit(RLIMIT_FSIZE, &old);
        ck_assert_int_eq(status, -1);
        ck_assert_msg(strstr(error.message, path) == error.message, "%s", error.message);
    }
    tern_state_free(state);
    free(big);
    ck_assert_int_eq(tern_test_leftovers(), 0);
    contents got = {0};
    ck_assert_int_eq(load(&got, path, &error), 0);
    free(got.recipe);
}
END_TEST

START_TEST(an_unwritable_place_is_one_sentence)
{
    contents c = example();
    tern_error error = {{0}};
    tern_state *state = list_of(&c);
    ck_assert_int_eq(tern_state_save(state, "/nowhere/state.h5", &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "/nowhere/state.h5"));
    tern_state_free(state);
    ck_assert_int_eq(load(&c, "/nowhere/state.h5", &error), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state");
    TCase *c = tcase_create("state");
    tcase_set_timeout(c, 120);
    /* first: children of a program whose threads have not started yet */
    tcase_add_test(c, a_kill_at_any_place_leaves_the_old_state_or_the_new);
    tcase_add_test(c, what_is_saved_loads);
    tcase_add_test(c, equal_states_give_equal_files);
    tcase_add_test(c, one_string_reads_alone_and_all_items_are_listed);
    tcase_add_test(c, parameters_are_matched_by_name_and_shape);
    tcase_add_test(c, missing_surplus_and_misshapen_items_are_named);
    tcase_add_test(c, damage_anywhere_is_refused_before_libhdf5);
    tcase_add_test(c, truncation_is_refused_before_libhdf5);
    tcase_add_test(c, a_full_disk_leaves_the_old_state);
    tcase_add_test(c, an_unwritable_place_is_one_sentence);
    suite_add_tcase(suite, c);
    return tern_test_run(suite);
}
