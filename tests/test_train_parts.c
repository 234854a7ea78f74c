/* The parts of training that stand alone: packing of a batch, the metrics log, the run's folder, the checks. */
#include "tests/support.h"

#include "base/file.h"
#include "base/memory.h"
#include "train/batch.h"
#include "train/metrics_log.h"
#include "train/run_files.h"
#include "train/run_folder.h"

#include <string.h>

/* A tiny BERT over ten words, and three rows in which texts come twice. */
static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\none\ntwo\nthree\nfour\nfive\n";
static const char rows_text[] = "{\"anchor\": \"one\", \"positive\": \"two three\", \"negative\": \"four\"}\n"
                                "{\"anchor\": \"one\", \"positive\": \"four\", \"negative\": \"five\"}\n"
                                "{\"anchor\": \"three\", \"positive\": \"one\", \"negative\": \"five five five\"}\n";

typedef struct fixture {
    tern_model *model;
    tern_texts *texts;
    tern_rows *rows;
    tern_tokens *tokens;
    tern_batch batch;
} fixture;

static const int64_t all_rows[] = {0, 1, 2};

static fixture open_fixture(const char *query_prompt)
{
    tern_error error = {{0}};
    fixture f = {0};
    const char *vocab = tern_test_path("vocab.txt"), *file = tern_test_path("rows.jsonl");
    tern_encoder_config config = {.bert = {.hidden_size = 16, .layers = 1, .heads = 2, .intermediate_size = 32}};
    ck_assert(tern_file_write(vocab, vocabulary, strlen(vocabulary), &error) == 0);
    ck_assert(tern_file_write(file, rows_text, strlen(rows_text), &error) == 0);
    f.model = tern_model_scratch(&config, vocab, 1, 1, &error);
    ck_assert_msg(f.model != NULL, "%s", error.message);
    free(f.model->query_prompt);
    f.model->query_prompt = tern_strdup(query_prompt);
    f.texts = tern_texts_create();
    f.rows = tern_rows_read(&(tern_rows_source){.file = file}, f.texts, &error);
    ck_assert_msg(f.rows != NULL, "%s", error.message);
    f.tokens = tern_tokens_create(f.model, f.model->query_prompt, f.model->document_prompt, f.rows);
    return f;
}

static void close_fixture(fixture *f)
{
    tern_batch_free(&f->batch);
    tern_tokens_free(f->tokens);
    tern_rows_free(f->rows);
    tern_texts_free(f->texts);
    tern_model_free(f->model);
}

START_TEST(a_batch_holds_anchors_then_positives_then_negatives)
{
    fixture f = open_fixture("");
    tern_batch_fill(&f.batch, f.rows, f.tokens, all_rows, 3, &(tern_batch_options){0});
    const tern_packed *p = &f.batch.packed;
    ck_assert_int_eq(f.batch.n_texts, 9);
    ck_assert_int_eq(p->n_seq, 9);
    ck_assert_int_eq(p->n_tok, 8 * 3 + 4 + 2);
    ck_assert_int_eq(f.batch.tokens, p->n_tok);
    ck_assert_int_eq(p->max_len, 5);
    ck_assert_int_eq(p->ids[p->offsets[2] + 1], 7); /* anchor "three" */
    ck_assert_int_eq(p->ids[p->offsets[3] + 1], 6); /* positive "two three" */
    ck_assert_int_eq(p->ids[p->offsets[6] + 1], 8); /* negative "four" */
    close_fixture(&f);
}
END_TEST

START_TEST(merging_packs_an_equal_text_once_and_still_counts_its_tokens)
{
    fixture f = open_fixture("");
    tern_batch_fill(&f.batch, f.rows, f.tokens, all_rows, 3, &(tern_batch_options){.merge = 1});
    ck_assert_int_eq(f.batch.packed.n_seq, 6); /* one, three, two three, four, five, five five five */
    ck_assert_int_eq(f.batch.tokens, 30);
    ck_assert(f.batch.repeated);
    ck_assert_int_eq(f.batch.sequence[0], f.batch.sequence[1]);
    ck_assert_int_eq(f.batch.sequence[0], f.batch.sequence[5]);
    ck_assert_int_eq(f.batch.sequence[4], f.batch.sequence[6]);
    close_fixture(&f);
}
END_TEST

START_TEST(a_prompt_keeps_the_roles_of_a_text_apart)
{
    fixture f = open_fixture("two ");
    tern_batch_fill(&f.batch, f.rows, f.tokens, all_rows, 3, &(tern_batch_options){.merge = 1});
    ck_assert_int_eq(f.batch.sequence[0], f.batch.sequence[1]);
    ck_assert_int_ne(f.batch.sequence[0], f.batch.sequence[5]);
    ck_assert_int_eq(tern_tokens_get(f.tokens, TERN_ROLE_QUERY, f.rows->anchor[0]).n, 4);
    ck_assert_int_eq(tern_tokens_get(f.tokens, TERN_ROLE_DOCUMENT, f.rows->positive[2]).n, 3);
    close_fixture(&f);
}
END_TEST

START_TEST(a_negative_that_a_row_lacks_is_not_encoded)
{
    static const char lists[] =
        "{\"anchor\": \"one\", \"positive\": \"two three\", \"negative\": [\"four\", \"five\"]}\n"
        "{\"anchor\": \"two\", \"positive\": \"four\", \"negative\": [\"five\"]}\n"
        "{\"anchor\": \"three\", \"positive\": \"one\", \"negative\": []}\n";
    fixture f = open_fixture("");
    tern_error error = {{0}};
    tern_rows_source source = {.file = "x.jsonl", .bytes = lists, .n_bytes = strlen(lists), .negatives_per_row = 2};
    tern_rows *rows = tern_rows_read(&source, f.texts, &error);
    ck_assert_msg(rows != NULL, "%s", error.message);
    tern_tokens *tokens = tern_tokens_create(f.model, "", "", rows);
    tern_rows *drawn = tern_rows_draw(rows, 1, 0);
    for (int merge = 0; merge < 2; merge++) {
        tern_batch_fill(&f.batch, drawn, tokens, all_rows, 3, &(tern_batch_options){.merge = merge});
        ck_assert_int_eq(f.batch.n_texts, 12);
        ck_assert_int_eq(f.batch.packed.n_seq, merge ? 6 : 9); /* one, two, three, two three, four, five */
        ck_assert_int_eq(f.batch.tokens, 8 * 3 + 4);
        const int lacking[] = {0, 0, 0, 1, 1, 1};
        for (int i = 0; i < 6; i++)
            ck_assert_int_eq(f.batch.texts[6 + i] == TERN_NO_TEXT, lacking[i]);
        tern_tape *tape = tern_tape_create();
        tern_pass pass = {.tape = tape, .batch = &f.batch.packed};
        ck_assert_int_eq(tern_batch_vectors(&f.batch, tape, tern_encoder_embed(f.model->encoder, &pass))->rows, 12);
        tern_tape_free(tape);
    }
    /* As many tokens as are drawn; before that, as many as are to be expected. */
    ck_assert_int_eq(tern_tokens_of_row(tokens, drawn, 0), 3 + 4 + 2 * 3);
    ck_assert_int_eq(tern_tokens_of_row(tokens, rows, 0), 3 + 4 + 2 * 3);
    ck_assert_int_eq(tern_tokens_of_row(tokens, drawn, 2), 3 + 3);
    tern_rows_drawn_free(drawn);
    tern_tokens_free(tokens);
    tern_rows_free(rows);
    close_fixture(&f);
}
END_TEST

/* Gradients of the weights after backward from the sum of squares-like seed: each vector seeded with its place. */
static float *gradients(fixture *f, int merge, size_t *n)
{
    tern_params *params = tern_encoder_params(f->model->encoder);
    tern_tape *tape = tern_tape_create();
    tern_params_want_grads(params);
    tern_params_zero_grads(params);
    tern_batch_fill(&f->batch, f->rows, f->tokens, all_rows, 3, &(tern_batch_options){.merge = merge});
    tern_pass pass = {.tape = tape, .batch = &f->batch.packed};
    tern_tensor *x = tern_batch_vectors(&f->batch, tape, tern_encoder_embed(f->model->encoder, &pass));
    ck_assert_int_eq(x->rows, 9);
    float *seed = tern_alloc(tern_tensor_size(x), sizeof *seed);
    for (size_t i = 0; i < tern_tensor_size(x); i++)
        seed[i] = (float)(i % 7) - 3;
    tern_tape_seed(tape, x, seed);
    tern_tape_backward_seeded(tape);
    *n = (size_t)params->size;
    float *copy = tern_alloc(*n, sizeof *copy);
    memcpy(copy, params->grad, *n * sizeof *copy);
    free(seed);
    tern_tape_free(tape);
    return copy;
}

START_TEST(merged_and_separate_texts_have_the_same_gradient)
{
    fixture f = open_fixture("");
    size_t n;
    float *separate = gradients(&f, 0, &n), *merged = gradients(&f, 1, &n), largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = largest > separate[i] ? largest : separate[i];
    ck_assert(largest > 0);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(separate[i] - merged[i] < 1e-5F * largest && merged[i] - separate[i] < 1e-5F * largest,
                      "%zu: %.9g, %.9g", i, (double)separate[i], (double)merged[i]);
    free(separate);
    free(merged);
    close_fixture(&f);
}
END_TEST

static void add(tern_metrics_log *log, int step)
{
    tern_error error = {{0}};
    ck_assert(tern_metrics_log_add(log, json_pack("{s:i, s:f}", "step", step, "loss", 0.1), &error) == 0);
}

static tern_metrics_log *open_log(const char *path, int64_t step)
{
    tern_error error = {{0}};
    tern_metrics_log *log = tern_metrics_log_open(path, step, &error);
    ck_assert_msg(log != NULL, "%s", error.message);
    return log;
}

static void expect_file(const char *path, const char *want)
{
    char *text = NULL;
    tern_error error = {{0}};
    ck_assert(tern_file_read(path, 0, &text, NULL, &error) == 0);
    ck_assert_str_eq(text, want);
    free(text);
}

START_TEST(a_log_is_cut_to_the_step_it_goes_on_from)
{
    const char *path = tern_test_path("metrics.jsonl");
    tern_metrics_log *log = open_log(path, 0);
    for (int step = 1; step <= 4; step++)
        add(log, step);
    ck_assert(tern_metrics_log_close(log, NULL) == 0);
    log = open_log(path, 2);
    add(log, 3);
    ck_assert(tern_metrics_log_close(log, NULL) == 0);
    expect_file(path, "{\"step\":1,\"loss\":0.10000000000000001}\n{\"step\":2,\"loss\":0.10000000000000001}\n"
                      "{\"step\":3,\"loss\":0.10000000000000001}\n");
}
END_TEST

START_TEST(a_half_line_and_what_is_no_line_are_cut_too)
{
    const char *path = tern_test_path("half.jsonl"),
               *text = "{\"step\":1}\nrubbish\n{\"loss\":2}\n{\"step\":2}\n{\"ste";
    ck_assert(tern_file_write(path, text, strlen(text), NULL) == 0);
    ck_assert(tern_metrics_log_close(open_log(path, 9), NULL) == 0);
    expect_file(path, "{\"step\":1}\n{\"step\":2}\n");
}
END_TEST

/* Another name of the same number would be taken for the newest, and the run's own one removed for it. */
START_TEST(a_checkpoint_has_the_name_that_a_run_gives_it)
{
    static const char *const others[] = {"step-0041.h5", "step-+41.h5", "step- 41.h5", "step-41.h5.tmp",
                                         "step-.h5",     "step-",       "step",        "step-1234567890123456789.h5"};
    ck_assert_int_eq(tern_run_checkpoint_step("step-40.h5"), 40);
    ck_assert_int_eq(tern_run_checkpoint_step("step-0.h5"), 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(tern_run_checkpoint_step(others[i]) < 0, "%s", others[i]);
}
END_TEST

static int try_folder(const char *path, const char *identity, int force, tern_run_found *found, tern_error *error)
{
    tern_run_folder folder;
    int status = tern_run_folder_open(&folder, path, identity, force, error);
    *found = folder.found;
    if (status == 0)
        tern_run_folder_close(&folder);
    return status;
}

START_TEST(a_folder_is_tied_to_one_recipe)
{
    const char *path = tern_test_path("run");
    tern_run_found found;
    tern_error error = {{0}};
    ck_assert(try_folder(path, "train:\n  seed: 1\n", 0, &found, &error) == 0 && found == TERN_RUN_NONE);
    ck_assert(try_folder(path, "train:\n  seed: 1\n", 0, &found, &error) == 0 && found == TERN_RUN_STARTED);
    ck_assert(try_folder(path, "train:\n  seed: 2\n", 0, &found, &error) < 0);
    ck_assert_ptr_nonnull(strstr(error.message, "\"seed: 1\" there, \"seed: 2\" now"));
    ck_assert(try_folder(path, "train:\n  seed: 2\n", 1, &found, &error) == 0 && found == TERN_RUN_NONE);
    char *result = tern_path_join(path, "result.json");
    char *model = tern_path_join(path, "model");
    ck_assert(tern_file_write(result, "{}", 2, &error) == 0);
    ck_assert(try_folder(path, "train:\n  seed: 2\n", 0, &found, &error) == 0 && found == TERN_RUN_STARTED);
    ck_assert(tern_make_folder(model, &error) == 0);
    free(model);
    free(result);
    ck_assert(try_folder(path, "train:\n  seed: 2\n", 0, &found, &error) == 0 && found == TERN_RUN_FINISHED);
}
END_TEST

START_TEST(a_folder_is_one_process_s)
{
    const char *path = tern_test_path("locked");
    tern_run_folder first, second;
    tern_error error = {{0}};
    ck_assert(tern_run_folder_open(&first, path, "x\n", 0, &error) == 0);
    ck_assert(tern_run_folder_open(&second, path, "x\n", 0, &error) < 0);
    ck_assert_ptr_nonnull(strstr(error.message, "another process trains"));
    tern_run_folder_close(&first);
    ck_assert(tern_run_folder_open(&second, path, "x\n", 0, &error) == 0);
    tern_run_folder_close(&second);
}
END_TEST

START_TEST(files_of_somebody_else_stay)
{
    const char *path = tern_test_path("foreign");
    char *base = tern_path_join(path, "base");
    tern_run_found found;
    tern_error error = {{0}};
    ck_assert(tern_make_folder(base, &error) == 0);
    ck_assert(try_folder(path, "x\n", 0, &found, &error) < 0);
    ck_assert_ptr_nonnull(strstr(error.message, "holds base"));
    ck_assert(tern_folder_exists(base));
    free(base);
}
END_TEST

START_TEST(the_newest_checkpoints_are_kept)
{
    tern_run_folder folder;
    tern_error error = {{0}};
    int64_t *steps;
    ck_assert(tern_run_folder_open(&folder, tern_test_path("pruned"), "x\n", 0, &error) == 0);
    for (int64_t step = 90; step <= 120; step += 10) {
        char *path = tern_run_checkpoint_path(&folder, step);
        ck_assert(tern_file_write(path, "x", 1, &error) == 0);
        free(path);
    }
    ck_assert(tern_run_prune(&folder, 2, &error) == 0);
    ck_assert_int_eq(tern_run_checkpoints(&folder, &steps), 2);
    ck_assert_int_eq(steps[0], 120);
    ck_assert_int_eq(steps[1], 110);
    free(steps);
    tern_run_folder_close(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train_parts");
    TCase *tcase = tcase_create("train_parts");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_batch_holds_anchors_then_positives_then_negatives);
    tcase_add_test(tcase, merging_packs_an_equal_text_once_and_still_counts_its_tokens);
    tcase_add_test(tcase, a_prompt_keeps_the_roles_of_a_text_apart);
    tcase_add_test(tcase, a_negative_that_a_row_lacks_is_not_encoded);
    tcase_add_test(tcase, merged_and_separate_texts_have_the_same_gradient);
    tcase_add_test(tcase, a_log_is_cut_to_the_step_it_goes_on_from);
    tcase_add_test(tcase, a_checkpoint_has_the_name_that_a_run_gives_it);
    tcase_add_test(tcase, a_half_line_and_what_is_no_line_are_cut_too);
    tcase_add_test(tcase, a_folder_is_tied_to_one_recipe);
    tcase_add_test(tcase, a_folder_is_one_process_s);
    tcase_add_test(tcase, files_of_somebody_else_stay);
    tcase_add_test(tcase, the_newest_checkpoints_are_kept);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
