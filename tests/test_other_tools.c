/* Names of other tools: each leads to a key, loss or value that exists. */
#include "recipes/other_tools.h"

#include "tests/recipes.h"

#include "losses/loss.h"
#include "recipes/keys.h"

/* 1 when the dotted name [n] is a key or a section, or a file in output.dir. */
static int exists(const char *name, size_t n)
{
    char path[128];
    snprintf(path, sizeof path, "%.*s", (int)n, name);
    path[strcspn(path, "/")] = 0;
    return tern_key_find(path) >= 0 || tern_key_is_section(path);
}

/* Every word of a note that begins as a key does is one. */
static void check_note(const char *note)
{
    static const char *const sections[] = {"train.", "data.", "loss.", "eval.", "output.", "prompts.", "scratch."};
    for (const char *word = note; *word; word += strcspn(word, " ") + (word[strcspn(word, " ")] == ' ')) {
        size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz_./");
        for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
            if (strncmp(word, sections[i], strlen(sections[i])) == 0)
                ck_assert_msg(exists(word, n), "\"%.*s\" of the note \"%s\" is no key", (int)n, word, note);
    }
}

START_TEST(every_target_exists)
{
    int n = 0;
    for (const tern_other_name *other = tern_other_names; other->theirs; other++, n++) {
        ck_assert_msg(other->key || other->note, "%s leads nowhere", other->theirs);
        if (other->key)
            ck_assert_msg(exists(other->key, strlen(other->key)), "%s: no key %s", other->theirs, other->key);
        if (other->value) {
            ck_assert_str_eq(other->key, "loss.name");
            ck_assert_msg(tern_loss_find(other->value) != NULL, "%s: no loss %s", other->theirs, other->value);
        }
        if (other->note)
            check_note(other->note);
        /* Otherwise it would never be looked for. */
        ck_assert_msg(tern_key_find(other->theirs) < 0, "%s is a key", other->theirs);
        ck_assert_msg(!tern_key_elsewhere(other->theirs), "%s ends a key", other->theirs);
        ck_assert_ptr_eq(tern_other_name_find(other->theirs), other);
    }
    ck_assert_int_gt(n, 200);
}
END_TEST

static const struct {
    const char *name, *key, *value;
} known[] = {
    {"lr", "train.learning_rate", NULL},
    {"num_train_epochs", "train.epochs", NULL},
    {"numTrainEpochs", "train.epochs", NULL},
    {"num-train-epochs", "train.epochs", NULL},
    {"warmup_ratio", "train.warmup", NULL},
    {"per_device_train_batch_size", "train.batch_size", NULL},
    {"output_dir", "output.dir", NULL},
    {"fp16", NULL, NULL},
    {"gradient_checkpointing", NULL, NULL},
    {"gradient_accumulation_steps", NULL, NULL},
    {"evaluation_strategy", NULL, NULL},
    {"TripletLoss", "loss.name", "triplet"},
    {"losses.TripletLoss", "loss.name", "triplet"},
    {"sentence_transformers.losses.CoSENTLoss", "loss.name", "cosent"},
    {"multiple_negatives_ranking_loss", "loss.name", "multiple_negatives_ranking"},
    {"CachedMultipleNegativesRankingLoss", "loss.name", "multiple_negatives_ranking"},
    {"OnlineContrastiveLoss", "loss.name", "online_contrastive"},
    {"MatryoshkaLoss", "loss.matryoshka", NULL},
};

START_TEST(names_are_found_as_people_spell_them)
{
    const tern_other_name *other = tern_other_name_find(known[_i].name);
    ck_assert_msg(other != NULL, "%s", known[_i].name);
    ck_assert(other->key == known[_i].key || strcmp(other->key, known[_i].key) == 0);
    ck_assert(other->value == known[_i].value || strcmp(other->value, known[_i].value) == 0);
}
END_TEST

START_TEST(other_names_are_not)
{
    ck_assert_ptr_null(tern_other_name_find("qqqq"));
    ck_assert_ptr_null(tern_other_name_find(""));
    ck_assert_ptr_null(tern_other_name_find("losses."));
    ck_assert_ptr_null(tern_other_name_find("_"));
    ck_assert_ptr_null(tern_other_name_find("loss"));
    /* train_loss is a name, but no loss called train. */
    ck_assert_ptr_null(tern_other_name_find("train"));
}
END_TEST

static const struct {
    const char *name, *value, *advice;
} flags[] = {
    {"epochs", "3", "give --set train.epochs=3, or train.epochs in the recipe"},
    {"lr", "1e-5", "give --set train.learning_rate=1e-5, or train.learning_rate in the recipe"},
    {"batch-size", "64", "give --set train.batch_size=64, or train.batch_size in the recipe"},
    {"output_dir", "runs/a b", "give --set output.dir='runs/a b', or output.dir in the recipe"},
    {"learning_rate", NULL, "give --set train.learning_rate=X, or train.learning_rate in the recipe"},
    {"train.epochs", "3", "give --set train.epochs=3, or train.epochs in the recipe"},
    {"num-train-epochs", "three", "give --set train.epochs=N, or train.epochs in the recipe"},
    {"loss", "TripletLoss", "give --set loss.name=triplet, or loss.name in the recipe"},
    {"lr_scheduler_type", "cosine", "give --set train.schedule=cosine, or train.schedule in the recipe"},
    {"fp16", NULL, "weights and arithmetic are float32; train.activations: bfloat16 takes less memory"},
};

START_TEST(a_flag_that_a_recipe_says_is_led_there)
{
    char *advice = tern_recipe_flag_advice(flags[_i].name, flags[_i].value, 0);
    ck_assert_ptr_nonnull(advice);
    ck_assert_str_eq(advice, flags[_i].advice);
    free(advice);
}
END_TEST

START_TEST(a_flag_like_a_key_is_led_there_when_asked)
{
    ck_assert_ptr_null(tern_recipe_flag_advice("epocs", "3", 0));
    char *advice = tern_recipe_flag_advice("epocs", "3", 1);
    ck_assert_str_eq(advice, "give --set train.epochs=3, or train.epochs in the recipe");
    free(advice);
    ck_assert_ptr_null(tern_recipe_flag_advice("qqqqqqq", "3", 1));
}
END_TEST

START_TEST(every_key_has_a_page)
{
    for (int i = 0; i < tern_n_key_rows; i++) {
        char *page = tern_recipe_help(tern_key_rows[i].path);
        ck_assert_ptr_nonnull(page);
        ck_assert_int_eq(strncmp(page, tern_key_rows[i].path, strlen(tern_key_rows[i].path)), 0);
        ck_assert_ptr_nonnull(strstr(page, tern_key_rows[i].help));
        ck_assert_ptr_nonnull(strstr(page, "\nTakes: "));
        free(page);
    }
    char *page = tern_recipe_help("train");
    ck_assert_ptr_nonnull(strstr(page, "train.learning_rate\n"));
    ck_assert_ptr_null(strstr(page, "data.train.file"));
    free(page);
    ck_assert_ptr_null(tern_recipe_help("qqqq"));
}
END_TEST

static Suite *other_tools_suite(void)
{
    Suite *suite = suite_create("other_tools");
    TCase *tcase = tcase_create("other_tools");
    tcase_add_test(tcase, every_target_exists);
    tcase_add_loop_test(tcase, names_are_found_as_people_spell_them, 0, sizeof known / sizeof *known);
    tcase_add_test(tcase, other_names_are_not);
    tcase_add_loop_test(tcase, a_flag_that_a_recipe_says_is_led_there, 0, sizeof flags / sizeof *flags);
    tcase_add_test(tcase, a_flag_like_a_key_is_led_there_when_asked);
    tcase_add_test(tcase, every_key_has_a_page);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return tern_test_run(other_tools_suite());
}
