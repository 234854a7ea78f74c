/* checkpoints/model_embedder.c: which prompt a role gets, and progress over several calls. */
#include "checkpoints/model_embedder.h"
#include "base/memory.h"
#include "support.h"

#include <string.h>

START_TEST(plain_texts_get_the_prompt_that_both_roles_share)
{
    tern_model model = {.query_prompt = (char *)"q: ", .document_prompt = (char *)"", .default_prompt = (char *)""};
    ck_assert_int_eq(tern_model_plain_role(&model), TERN_ROLE_NONE);
    model.document_prompt = (char *)"q: ";
    ck_assert_int_eq(tern_model_plain_role(&model), TERN_ROLE_QUERY);
    model.default_prompt = (char *)"d: ";
    ck_assert_int_eq(tern_model_plain_role(&model), TERN_ROLE_NONE);
}
END_TEST

static tern_model *tiny_model(void)
{
    tern_error error = {{0}};
    tern_model *model = tern_model_load("tests/goldens/tiny", &error);
    ck_assert_msg(model, "%s", error.message);
    free(model->query_prompt);
    free(model->document_prompt);
    model->query_prompt = tern_strdup("find ");
    model->document_prompt = tern_strdup(model->default_prompt);
    return model;
}

static void embed_as(const tern_embedder *embedder, tern_role role, float *out)
{
    tern_error error = {{0}};
    ck_assert_msg(embedder->embed(embedder->self, role, (const char *const[]){"a b"}, 1, out, &error) == 0, "%s",
                  error.message);
}

START_TEST(a_role_has_its_models_prompt_and_plain_texts_the_role_that_was_chosen)
{
    tern_model *model = tiny_model();
    tern_model_source source = {.model = model};
    tern_embedder embedder = tern_model_embedder(&source);
    size_t dim = (size_t)embedder.dim, bytes = dim * sizeof(float);
    float *v = tern_alloc(4 * dim, sizeof *v), *query = v, *document = v + dim, *plain = v + 2 * dim, *as = v + 3 * dim;
    embed_as(&embedder, TERN_ROLE_QUERY, query);
    embed_as(&embedder, TERN_ROLE_DOCUMENT, document);
    embed_as(&embedder, TERN_ROLE_NONE, plain);
    source.plain = TERN_ROLE_QUERY;
    embed_as(&embedder, TERN_ROLE_NONE, as);
    ck_assert_mem_ne(query, document, bytes);
    ck_assert_mem_eq(plain, document, bytes);
    ck_assert_mem_eq(as, query, bytes);
    ck_assert_str_eq(embedder.name, model->name);
    free(v);
    tern_model_free(model);
}
END_TEST

typedef struct shown {
    int64_t done, total;
    int calls;
} shown;

static void show(void *context, int64_t done, int64_t total)
{
    shown *s = context;
    ck_assert_int_ge(done, s->done);
    ck_assert_int_le(done, total);
    *s = (shown){done, total, s->calls + 1};
}

START_TEST(progress_goes_on_over_calls_and_ends_at_the_total)
{
    tern_model *model = tiny_model();
    shown seen = {0};
    tern_model_source source = {.model = model, .progress = show, .context = &seen, .total = 3};
    tern_embedder embedder = tern_model_embedder(&source);
    float *out = tern_alloc((size_t)embedder.dim, sizeof *out);
    embed_as(&embedder, TERN_ROLE_QUERY, out);
    embed_as(&embedder, TERN_ROLE_DOCUMENT, out);
    ck_assert_int_eq(seen.done, 2);
    tern_model_source_finish(&source); /* the third text was equal to one of them */
    ck_assert_int_eq(seen.done, 3);
    ck_assert_int_eq(seen.total, 3);
    ck_assert_int_eq(seen.calls, 3);
    free(out);
    tern_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_embedder");
    TCase *tc = tcase_create("model_embedder");
    tcase_add_test(tc, plain_texts_get_the_prompt_that_both_roles_share);
    tcase_add_test(tc, a_role_has_its_models_prompt_and_plain_texts_the_role_that_was_chosen);
    tcase_add_test(tc, progress_goes_on_over_calls_and_ends_at_the_total);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
