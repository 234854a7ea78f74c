/* A run's training state: weights, moments, what losses learn, the average and the progress come back; what belongs to
 * another run or another form of it is refused. */
#include "tests/support.h"

#include "base/file.h"
#include "base/hash.h"
#include "checkpoints/state.h"
#include "train/checkpoint.h"

#include <string.h>

/* All that a checkpoint is taken of. */
typedef struct parts {
    tern_params *params, *heads;
    tern_optimizer *optimizer, *heads_optimizer;
    tern_average *average;
    tern_progress progress;
    tern_run_folder folder;
    tern_checkpoint checkpoint;
} parts;

enum { WITH_HEADS = 1, WITH_AVERAGE = 2 };

static void fill(tern_real *x, const tern_params *params, uint64_t seed, int frozen)
{
    for (size_t i = 0; seed && i < params->n; i++) {
        const tern_param *p = &params->table[i];
        for (size_t k = 0; (frozen || !(p->flags & TERN_PARAM_FROZEN)) && k < tern_tensor_size(p->tensor); k++)
            x[(size_t)p->offset + k] = (tern_real)(tern_random_unit(seed, i, k, 0) - 0.5);
    }
}

static tern_optimizer *make_optimizer(tern_params *params, uint64_t seed)
{
    tern_params_want_grads(params);
    tern_optimizer *o = tern_optimizer_create(params, &(tern_optimizer_options){0});
    fill(params->value, params, seed, 1);
    fill(o->m, params, seed ? seed + 1 : 0, 0);
    fill(o->v, params, seed ? seed + 2 : 0, 0);
    o->steps = (int64_t)seed;
    return o;
}

static const char *inputs = "version\t\t\t2\nthe teacher\tt\tweights\t7\nthe test data\tx\t\t8\n";

/* The newest checkpoint, found and put back; *step as tern_restart has it. */
static int load(const tern_checkpoint *checkpoint, int64_t *step, tern_error *skipped, tern_error *error)
{
    tern_restart restart;
    int status = tern_checkpoint_find(checkpoint, &restart, error);
    if (status == 0 && restart.step >= 0)
        status = tern_checkpoint_load(checkpoint, &restart, error);
    *step = restart.step;
    *skipped = restart.skipped;
    tern_restart_close(&restart);
    return status;
}

/* seed 0: all zero, to load into. */
static void open_parts(parts *p, const char *folder, int with, uint64_t seed)
{
    tern_error error = {{0}};
    *p = (parts){0};
    p->params = tern_params_create();
    tern_params_add(p->params, "table", 30, 8, TERN_PARAM_ROW_SPARSE);
    tern_params_add(p->params, "frozen", 4, 8, TERN_PARAM_FROZEN);
    tern_params_add(p->params, "bias", 1, 8, TERN_PARAM_VECTOR);
    tern_params_allocate(p->params);
    p->optimizer = make_optimizer(p->params, seed);
    if (with & WITH_HEADS) {
        p->heads = tern_params_create();
        tern_params_add(p->heads, "0.0.classifier", 3, 5, 0);
        tern_params_allocate(p->heads);
        p->heads_optimizer = make_optimizer(p->heads, seed ? seed + 10 : 0);
        p->heads_optimizer->missed[0] = (int64_t)seed + 3;
    }
    if (with & WITH_AVERAGE) {
        p->average = tern_average_create(p->params, 0.9);
        fill(p->average->shadow, p->params, seed ? seed + 20 : 0, 0);
    }
    p->progress = (tern_progress){.step = (int64_t)seed, .best_score = 0.5 * (double)seed};
    ck_assert_msg(tern_run_folder_open(&p->folder, folder, "x\n", 0, &error) == 0, "%s", error.message);
    p->checkpoint = (tern_checkpoint){
        .folder = &p->folder,
        .identity = "x\n",
        .inputs = inputs,
        .params = p->params,
        .optimizer = p->optimizer,
        .heads = p->heads,
        .heads_optimizer = p->heads_optimizer,
        .average = p->average,
        .progress = &p->progress,
    };
}

static void close_parts(parts *p)
{
    tern_run_folder_close(&p->folder);
    tern_average_free(p->average);
    tern_optimizer_free(p->optimizer);
    tern_optimizer_free(p->heads_optimizer);
    tern_params_free(p->params);
    tern_params_free(p->heads);
}

static void save_parts(const char *folder, int with, uint64_t seed)
{
    parts p;
    tern_error error = {{0}};
    open_parts(&p, folder, with, seed);
    ck_assert_msg(tern_checkpoint_save(&p.checkpoint, 3, &error) == 0, "%s", error.message);
    close_parts(&p);
}

static void same(const float *a, const float *b, const tern_params *params)
{
    ck_assert_mem_eq(a, b, (size_t)params->size * sizeof *a);
}

/* What was saved with seed 5 is there. */
static void load_and_compare(const char *folder, int with)
{
    parts want, got;
    tern_error skipped = {{0}}, error = {{0}};
    int64_t step;
    save_parts(folder, with, 5);
    open_parts(&got, folder, with, 0);
    ck_assert_msg(load(&got.checkpoint, &step, &skipped, &error) == 0, "%s", error.message);
    tern_run_folder_close(&got.folder);
    open_parts(&want, folder, with, 5);
    ck_assert_int_eq(step, 5);
    ck_assert_str_eq(skipped.message, "");
    ck_assert_int_eq(got.progress.step, 5);
    ck_assert_double_eq(got.progress.best_score, 2.5);
    ck_assert_int_eq(got.optimizer->steps, 5);
    same(got.params->value, want.params->value, want.params);
    same(got.optimizer->m, want.optimizer->m, want.params);
    same(got.optimizer->v, want.optimizer->v, want.params);
    ck_assert(got.optimizer->seen[0][29] == 1);
    if (with & WITH_HEADS) {
        ck_assert_int_eq(got.heads_optimizer->steps, 15);
        ck_assert_int_eq(got.heads_optimizer->missed[0], 8);
        same(got.heads->value, want.heads->value, want.heads);
        same(got.heads_optimizer->m, want.heads_optimizer->m, want.heads);
        same(got.heads_optimizer->v, want.heads_optimizer->v, want.heads);
    }
    if (with & WITH_AVERAGE)
        same(got.average->shadow, want.average->shadow, want.params);
    close_parts(&want);
    close_parts(&got);
}

START_TEST(all_that_a_run_carries_comes_back)
{
    load_and_compare(tern_test_path("bare"), 0);
    load_and_compare(tern_test_path("heads"), WITH_HEADS);
    load_and_compare(tern_test_path("average"), WITH_AVERAGE);
    load_and_compare(tern_test_path("both"), WITH_HEADS | WITH_AVERAGE);
}
END_TEST

static int holds(const tern_state_listing *listing, const char *name)
{
    for (size_t i = 0; i < listing->n; i++)
        if (strcmp(listing->entries[i].name, name) == 0)
            return 1;
    return 0;
}

START_TEST(frozen_tensors_have_weights_but_no_moments_in_the_file)
{
    parts p;
    tern_state_listing listing;
    tern_error error = {{0}};
    const char *folder = tern_test_path("frozen");
    save_parts(folder, WITH_AVERAGE, 2);
    open_parts(&p, folder, WITH_AVERAGE, 0);
    char *path = tern_run_checkpoint_path(&p.folder, 2);
    ck_assert_msg(tern_state_list(path, &listing, &error) == 0, "%s", error.message);
    ck_assert(holds(&listing, "weights/frozen") && holds(&listing, "weights/bias"));
    ck_assert(holds(&listing, "adam_m/bias") && !holds(&listing, "adam_m/frozen"));
    ck_assert(holds(&listing, "average/bias") && !holds(&listing, "average/frozen"));
    tern_state_listing_free(&listing);
    free(path);
    close_parts(&p);
}
END_TEST

/* What is saved with one form can't be taken for another; a sentence names the first item that is too many or too few.
 */
static void refused(const char *folder, int saved, int loaded, const char *says)
{
    parts p;
    int64_t step;
    tern_error skipped, error = {{0}};
    save_parts(folder, saved, 3);
    open_parts(&p, folder, loaded, 0);
    ck_assert_int_eq(load(&p.checkpoint, &step, &skipped, &error), -1);
    ck_assert_msg(strstr(error.message, says), "%s", error.message);
    ck_assert_int_eq(p.optimizer->steps, 0);
    ck_assert(p.params->table[0].tensor->data[0] == 0);
    close_parts(&p);
}

START_TEST(checkpoints_of_another_form_are_refused)
{
    refused(tern_test_path("a"), 0, WITH_HEADS, "no item heads/0.0.classifier");
    refused(tern_test_path("b"), WITH_HEADS, 0, "holds the item heads");
    refused(tern_test_path("c"), 0, WITH_AVERAGE, "no item average/table");
    refused(tern_test_path("d"), WITH_AVERAGE, 0, "holds the item average/bias");
}
END_TEST

/* What a checkpoint with the inputs old says to a run that has others; NULL: it is taken. */
static const char *says_of_inputs(const char *old, const char *now, tern_error *error)
{
    parts p;
    int64_t step;
    tern_error skipped;
    const char *folder = tern_test_path("inputs");
    tern_remove_all(folder, NULL);
    memset(error, 0, sizeof *error);
    open_parts(&p, folder, 0, 3);
    p.checkpoint.inputs = old;
    ck_assert_msg(tern_checkpoint_save(&p.checkpoint, 3, error) == 0, "%s", error->message);
    close_parts(&p);
    open_parts(&p, folder, 0, 0);
    p.checkpoint.inputs = now;
    int status = load(&p.checkpoint, &step, &skipped, error);
    ck_assert_int_eq(p.progress.step, status < 0 ? 0 : 3);
    close_parts(&p);
    return status < 0 ? error->message : NULL;
}

START_TEST(a_run_goes_on_only_with_what_it_began_with)
{
    tern_error error;
    const char *says = says_of_inputs(inputs, "version\t\t\t2\nthe teacher\tt\tweights\t9\n", &error);
    ck_assert_msg(says && strstr(says, "/inputs: the teacher changed since this run began (t: weights); give back"),
                  "%s", error.message);
    says = says_of_inputs("version\t\t\t1\n", inputs, &error);
    ck_assert_msg(says && strstr(says, "began with another version of tern"), "%s", error.message);
    says = says_of_inputs(inputs, inputs, &error);
    ck_assert_msg(!says, "%s", error.message);
    says = says_of_inputs(inputs, "version\t\t\t2\nthe teacher\tt\tweights\t7\nthe test data\tx\t\t9\n", &error);
    ck_assert_msg(!says, "other test data: %s", error.message);
}
END_TEST

/* As runs wrote them that began before checkpoints had inputs. */
START_TEST(checkpoints_of_earlier_versions_are_refused_by_name)
{
    parts p;
    int64_t step, data = 7;
    char *identity = (char *)"x\n";
    tern_error skipped, error = {{0}};
    const char *folder = tern_test_path("earlier");
    open_parts(&p, folder, 0, 0);
    tern_state *state = tern_state_create();
    tern_state_add_string(state, "identity", &identity);
    tern_state_add_int64(state, "training_data", &data, 1);
    char *path = tern_run_checkpoint_path(&p.folder, 3);
    ck_assert_msg(tern_state_save(state, path, &error) == 0, "%s", error.message);
    ck_assert_int_eq(load(&p.checkpoint, &step, &skipped, &error), -1);
    ck_assert_msg(strstr(error.message, "began with another version of tern"), "%s", error.message);
    free(path);
    tern_state_free(state);
    close_parts(&p);
}
END_TEST

START_TEST(the_best_weights_are_those_that_were_scored)
{
    parts p, q;
    tern_error error = {{0}};
    const char *folder = tern_test_path("best");
    open_parts(&p, folder, WITH_AVERAGE, 4);
    tern_average_swap(p.average);
    ck_assert_int_eq(tern_best_save(&p.checkpoint, &error), 0);
    tern_run_folder_close(&p.folder);
    open_parts(&q, folder, WITH_AVERAGE, 0);
    q.progress.best_step = 4;
    ck_assert_int_eq(tern_best_check(&q.checkpoint, &error), 0);
    ck_assert_msg(tern_best_load(&q.checkpoint, &error) == 0, "%s", error.message);
    same(q.params->value, p.params->value, q.params);
    q.progress.best_step = 3;
    ck_assert_int_eq(tern_best_load(&q.checkpoint, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "holds the weights of step 4, not 3"));
    close_parts(&q);
    close_parts(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *tcase = tcase_create("checkpoint");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, all_that_a_run_carries_comes_back);
    tcase_add_test(tcase, frozen_tensors_have_weights_but_no_moments_in_the_file);
    tcase_add_test(tcase, checkpoints_of_another_form_are_refused);
    tcase_add_test(tcase, a_run_goes_on_only_with_what_it_began_with);
    tcase_add_test(tcase, checkpoints_of_earlier_versions_are_refused_by_name);
    tcase_add_test(tcase, the_best_weights_are_those_that_were_scored);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
