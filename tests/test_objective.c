/* What is made small on a data set: the sum of its losses by their weights. */
#include "tests/support.h"

#include "autograd/ops.h"
#include "base/hash.h"
#include "train/objective.h"

enum { ROWS = 4, DIM = 3, TEXTS = 3 * ROWS };

static float vectors[TEXTS * DIM];

static void set_up(void)
{
    for (uint64_t i = 0; i < TEXTS * DIM; i++)
        vectors[i] = (float)(2 * tern_random_unit(1, i, 0, 0) - 1);
}

static tern_recipe_loss named(char *name, double weight)
{
    return (tern_recipe_loss){.name = name, .weight = weight, .margin = 5, .distance = TERN_DISTANCE_EUCLIDEAN};
}

/* The objective of two losses, or of the first alone. */
static double value_of(int n, double first, double second)
{
    char infonce[] = "infonce", triplet[] = "triplet";
    tern_recipe_source source = {.losses = {named(infonce, first), named(triplet, second)}, .n_losses = n};
    tern_batch batch = {.n = ROWS, .n_texts = TEXTS, .has_positive = 1, .n_negatives = 1};
    tern_objective o;
    tern_params *heads = tern_params_create();
    tern_tape *tape = tern_tape_create();
    tern_objective_init(&o, &source);
    tern_objective_declare(&o, &(tern_loss_sizes){.dim = DIM}, "", heads);
    double value = *tern_objective_value(&o, tape, tern_tape_input(tape, vectors, TEXTS, DIM, 0), &batch, 0)->data;
    tern_tape_free(tape);
    tern_params_free(heads);
    return value;
}

/* The losses themselves, computed beside the objective. */
static double loss_of(const char *name)
{
    tern_tape *tape = tern_tape_create();
    tern_tensor *x = tern_tape_input(tape, vectors, TEXTS, DIM, 0);
    tern_loss_options options = tern_loss_defaults(name);
    tern_loss_batch batch = {.n = ROWS, .n_negatives = 1};
    batch.anchor = tern_rows_of(tape, x, 0, ROWS);
    batch.positive = tern_rows_of(tape, x, ROWS, ROWS);
    batch.negative = tern_rows_of(tape, x, 2 * ROWS, ROWS);
    double value = *tern_loss_value(&options, tape, &batch)->data;
    tern_tape_free(tape);
    return value;
}

START_TEST(losses_add_by_their_weights)
{
    double first = loss_of("infonce"), second = loss_of("triplet");
    ck_assert_double_gt(first, 0);
    ck_assert_double_gt(second, 0);
    ck_assert_double_eq(value_of(1, 1, 1), first);
    ck_assert_double_eq_tol(value_of(1, 2, 1), 2 * first, 1e-5);
    ck_assert_double_eq_tol(value_of(2, 1, 1), first + second, 1e-5);
    ck_assert_double_eq_tol(value_of(2, 0.5, 3), first / 2 + 3 * second, 1e-5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("objective");
    TCase *tcase = tcase_create("objective");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, losses_add_by_their_weights);
    suite_add_tcase(suite, tcase);
    return tern_test_run(suite);
}
