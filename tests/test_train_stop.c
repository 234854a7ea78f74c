/* A run that is asked to stop outside of its steps, while it reads, scores or encodes, is stopped and not failed: the
 * folder is free, and the same call goes on and ends with the same weights. */
#include "tests/recipes.h"

#include "base/file.h"
#include "base/memory.h"
#include "train/train.h"

static const char *const text = "model: tests/goldens/tiny\n"
                                "data:\n"
                                "  train: {file: %s}\n"
                                "  dev: {file: %s}\n"
                                "  test: {file: %s}\n"
                                "loss: {name: %s, %s: tests/goldens/tiny}\n"
                                "train: {batch_size: 4, max_steps: 3, memory: 1GB}\n"
                                "output: {dir: %s}\n";

/* When to ask, and what was said. */
typedef struct watcher {
    const char *label; /* ask when this work begins; NULL: never */
    volatile sig_atomic_t stop;
    char last[256]; /* the last line */
} watcher;

static void say(void *context, const char *line)
{
    watcher *w = context;
    snprintf(w->last, sizeof w->last, "%s", line);
}

static void work(void *context, const char *label, int64_t done, int64_t total)
{
    watcher *w = context;
    (void)done, (void)total;
    if (w->label && strcmp(w->label, label) == 0)
        w->stop = 2;
}

static const char *write_rows(void)
{
    tern_buffer lines = {0};
    for (int i = 0; i < 12; i++)
        tern_buffer_printf(&lines, "{\"anchor\": \"query %d\", \"positive\": \"answer %d\", \"negative\": \"no %d\"}\n",
                           i, i, i);
    const char *path = tern_test_path("rows.jsonl");
    tern_test_put_file(path, lines.data, lines.n);
    tern_buffer_free(&lines);
    return path;
}

/* The status of one call; asked to stop where w says. */
static int run(const char *loss, const char *second, const char *folder, watcher *w)
{
    tern_error error = {{0}};
    tern_train_result result;
    const char *rows = write_rows();
    char *whole = tern_format(text, rows, rows, rows, loss, second, folder);
    tern_recipe *recipe = tern_recipe_parse(whole, strlen(whole), "x.yaml", NULL, 0, &error);
    ck_assert_msg(recipe, "%s", error.message);
    tern_train_options options = {.watch = {.context = w, .say = say, .work = work, .stop = &w->stop}};
    int status = tern_train(recipe, &options, &result, &error);
    ck_assert_msg(status >= 0, "%s", error.message);
    tern_train_result_free(&result);
    tern_recipe_free(recipe);
    free(whole);
    return status;
}

static void read_weights(const char *folder, char **bytes, size_t *n)
{
    tern_error error = {{0}};
    char *path = tern_format("%s/model/model.safetensors", folder);
    ck_assert_msg(tern_file_read(path, 0, bytes, n, &error) == 0, "%s", error.message);
    free(path);
}

static void same_weights(const char *one, const char *two)
{
    char *a, *b;
    size_t n, m;
    read_weights(one, &a, &n);
    read_weights(two, &b, &m);
    ck_assert_uint_eq(n, m);
    ck_assert_mem_eq(a, b, n);
    free(a);
    free(b);
}

/* Stopped at each of the labels in turn ("": before anything), then to the end. */
static void stop_everywhere(const char *loss, const char *second)
{
    static const char *const labels[] = {"", "scoring the base", "encoding with the second model", "scoring on dev",
                                         "scoring on test"};
    char *whole = tern_format("%s/%s-whole", tern_test_folder(), loss), *stopped = tern_format("%s-stopped", whole);
    watcher never = {0};
    ck_assert_int_eq(run(loss, second, whole, &never), TERN_TRAIN_DONE);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        watcher w = {.label = labels[i], .stop = labels[i][0] ? 0 : 2};
        ck_assert_msg(run(loss, second, stopped, &w) == TERN_TRAIN_INTERRUPTED, "%s, \"%s\": not interrupted", loss,
                      labels[i]);
        ck_assert_msg(strncmp(w.last, "stopped", 7) == 0 && strstr(w.last, "the same command goes on"), "%s", w.last);
    }
    ck_assert_int_eq(run(loss, second, stopped, &never), TERN_TRAIN_DONE);
    same_weights(whole, stopped);
    free(stopped);
    free(whole);
}

START_TEST(a_stop_outside_of_the_steps_is_no_failure)
{
    stop_everywhere("embedding_mse", "teacher");
    stop_everywhere("margin_mse", "teacher");
    stop_everywhere("guided", "guide");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train stop");
    TCase *tests = tcase_create("train stop");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_stop_outside_of_the_steps_is_no_failure);
    suite_add_tcase(suite, tests);
    return tern_test_run(suite);
}
