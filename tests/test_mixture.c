#include "base/memory.h"
#include "data/mixture.h"
#include "data/spread.h"
#include "tests/support.h"

#include <string.h>

enum { SOURCES = 3 };

/* Three data sets; the first one's rows share texts, so that its epochs differ in length. */
static tern_rows *rows[SOURCES];
static tern_sampler *samplers[SOURCES];

static tern_rows *make_rows(int64_t n, int64_t n_texts)
{
    tern_rows *made = tern_calloc(1, sizeof *made);
    made->n = n;
    made->has_positive = 1;
    made->anchor = tern_calloc((size_t)n, sizeof *made->anchor);
    made->positive = tern_calloc((size_t)n, sizeof *made->positive);
    for (int64_t i = 0; i < n; i++)
        made->positive[i] = i % n_texts;
    return made;
}

static void setup(void)
{
    const int64_t n[SOURCES] = {30, 100, 7}, texts[SOURCES] = {5, 100, 7};
    for (int s = 0; s < SOURCES; s++) {
        rows[s] = make_rows(n[s], texts[s]);
        samplers[s] = tern_sampler_create(rows[s], &(tern_sampler_options){.batch_size = 4, .seed = 7, .apart = 1});
    }
}

static void teardown(void)
{
    for (int s = 0; s < SOURCES; s++) {
        tern_sampler_free(samplers[s]);
        tern_rows_free(rows[s]);
    }
}

static tern_mixture *mix(tern_mixing kind, const double *weights, double alpha)
{
    return tern_mixture_create(&(tern_mixture_options){
        .kind = kind, .n = SOURCES, .samplers = samplers, .weights = weights, .alpha = alpha, .seed = 42});
}

/* Each source goes through its own batches in order, epoch by epoch, leaving none out. */
static void expect_in_order(tern_mixture *m, int64_t total)
{
    int64_t epoch[SOURCES] = {0}, batch[SOURCES] = {0}, last_epoch = 0, last_step = -1;
    for (int64_t step = 0; step < total; step++) {
        tern_mixture_place at = tern_mixture_at(m, step);
        ck_assert_int_eq(at.source_epoch, epoch[at.source]);
        ck_assert_int_eq(at.batch, batch[at.source]);
        if (at.epoch_step == 0)
            ck_assert_int_eq(at.epoch, step == 0 ? 0 : last_epoch + 1);
        else
            ck_assert(at.epoch == last_epoch && at.epoch_step == last_step + 1);
        ck_assert_int_lt(at.epoch_step, at.epoch_steps);
        last_epoch = at.epoch;
        last_step = at.epoch_step;
        if (++batch[at.source] == tern_sampler_count(samplers[at.source])) {
            epoch[at.source]++;
            batch[at.source] = 0;
        }
    }
}

static int64_t all_batches(void)
{
    int64_t n = 0;
    for (int s = 0; s < SOURCES; s++)
        n += tern_sampler_count(samplers[s]);
    return n;
}

START_TEST(proportional_brings_every_row_of_every_source_once_an_epoch)
{
    tern_mixture *m = mix(TERN_MIXING_PROPORTIONAL, NULL, 1);
    ck_assert_int_eq(tern_mixture_steps(m, 0), 0);
    ck_assert_int_eq(tern_mixture_steps(m, 2), 2 * all_batches());
    ck_assert_int_eq(tern_mixture_steps(m, 1), all_batches());
    expect_in_order(m, tern_mixture_steps(m, 3));
    int64_t step = 0;
    for (int64_t epoch = 0; epoch < 3; epoch++) {
        int seen[SOURCES][100] = {{0}};
        for (int64_t end = step + all_batches(); step < end; step++) {
            tern_mixture_place at = tern_mixture_at(m, step);
            ck_assert_int_eq(at.epoch, epoch);
            ck_assert_int_eq(at.source_epoch, epoch);
            int64_t n;
            const int64_t *batch = tern_mixture_rows(m, &at, &n);
            for (int64_t i = 0; i < n; i++)
                seen[at.source][batch[i]]++;
        }
        for (int s = 0; s < SOURCES; s++)
            for (int64_t i = 0; i < rows[s]->n; i++)
                ck_assert_int_eq(seen[s][i], 1);
    }
    tern_mixture_free(m);
    tern_mixture_free(NULL);
}
END_TEST

START_TEST(a_place_depends_on_the_step_alone)
{
    const double weights[] = {3, 1, 0.5};
    for (int kind = TERN_MIXING_PROPORTIONAL; kind <= TERN_MIXING_TEMPERATURE; kind++) {
        tern_mixture *forward = mix((tern_mixing)kind, weights, 0.5);
        for (int64_t step = 0; step < 300; step += 7) {
            tern_mixture *fresh = mix((tern_mixing)kind, weights, 0.5);
            int64_t n, fresh_n;
            tern_mixture_place a = tern_mixture_at(forward, step), b = tern_mixture_at(fresh, step);
            ck_assert(a.source == b.source && a.source_epoch == b.source_epoch && a.batch == b.batch &&
                      a.epoch == b.epoch && a.epoch_step == b.epoch_step && a.epoch_steps == b.epoch_steps);
            const int64_t *left = tern_mixture_rows(forward, &a, &n), *right = tern_mixture_rows(fresh, &b, &fresh_n);
            ck_assert_int_eq(n, fresh_n);
            ck_assert_mem_eq(left, right, (size_t)n * sizeof *left);
            /* Back, and on again. */
            tern_mixture_place back = tern_mixture_at(fresh, step / 2), again = tern_mixture_at(forward, step / 2);
            ck_assert(back.source == again.source && back.batch == again.batch);
            tern_mixture_free(fresh);
        }
        tern_mixture_free(forward);
    }
}
END_TEST

START_TEST(another_seed_is_another_order)
{
    tern_mixture_options options = {.n = SOURCES, .samplers = samplers, .seed = 1};
    tern_mixture *a = tern_mixture_create(&options);
    options.seed = 2;
    tern_mixture *b = tern_mixture_create(&options);
    int differ = 0;
    for (int64_t step = 0; step < 30; step++)
        differ += tern_mixture_at(a, step).source != tern_mixture_at(b, step).source;
    ck_assert_int_gt(differ, 3);
    tern_mixture_free(a);
    tern_mixture_free(b);
}
END_TEST

START_TEST(round_robin_takes_turns_until_the_smallest_source_is_through)
{
    tern_mixture *m = mix(TERN_MIXING_ROUND_ROBIN, NULL, 1);
    /* The third has 7 rows, two batches of 4. */
    ck_assert_int_eq(tern_mixture_steps(m, 5), 5 * 2 * SOURCES);
    for (int64_t step = 0; step < 200; step++) {
        tern_mixture_place at = tern_mixture_at(m, step);
        ck_assert_int_eq(at.source, step % SOURCES);
        ck_assert_int_eq(at.epoch, step / (2 * SOURCES));
        ck_assert_int_eq(at.epoch_steps, 2 * SOURCES);
    }
    expect_in_order(m, 200);
    tern_mixture_free(m);
}
END_TEST

static void count_sources(tern_mixture *m, int64_t from, int64_t to, int64_t *count)
{
    memset(count, 0, SOURCES * sizeof *count);
    for (int64_t step = from; step < to; step++)
        count[tern_mixture_at(m, step).source]++;
}

START_TEST(weights_give_each_source_its_share)
{
    const double weights[] = {3e300, 1e300, 2e300};
    int64_t count[SOURCES], total = 0;
    tern_mixture *m = mix(TERN_MIXING_WEIGHTED, weights, 1);
    for (int64_t epochs = 1; epochs < 12; epochs++) {
        total += all_batches();
        ck_assert_int_eq(tern_mixture_steps(m, epochs), total);
        count_sources(m, 0, total, count);
        for (int s = 0; s < SOURCES; s++)
            ck_assert_double_eq_tol((double)count[s], (double)total * weights[s] / 6e300, 1);
    }
    expect_in_order(m, total);
    tern_mixture_free(m);
}
END_TEST

START_TEST(a_source_of_less_than_a_batch_an_epoch_has_its_turn_some_time)
{
    const double weights[] = {1, 0, 0.005};
    int64_t count[SOURCES], total;
    tern_mixture *m = mix(TERN_MIXING_WEIGHTED, weights, 1);
    total = tern_mixture_steps(m, 20);
    count_sources(m, 0, total, count);
    ck_assert_int_eq(count[1], 0);
    ck_assert_double_eq_tol((double)count[2], (double)total * 0.005 / 1.005, 1);
    ck_assert_int_gt(count[2], 0);
    tern_mixture_free(m);
}
END_TEST

START_TEST(temperature_goes_from_even_shares_to_proportional_ones)
{
    int64_t count[SOURCES];
    tern_mixture *m = mix(TERN_MIXING_TEMPERATURE, NULL, 1);
    int64_t n = tern_mixture_steps(m, 1);
    count_sources(m, 0, n, count);
    for (int s = 0; s < SOURCES; s++)
        ck_assert_int_eq(count[s], tern_sampler_count(samplers[s]));
    tern_mixture_free(m);
    m = mix(TERN_MIXING_TEMPERATURE, NULL, 0);
    count_sources(m, 0, n, count);
    for (int s = 0; s < SOURCES; s++)
        ck_assert_double_eq_tol((double)count[s], (double)n / SOURCES, 1);
    tern_mixture_free(m);
    /* Whatever alpha is, nothing overflows. */
    const double hostile[] = {1e308, -1e308, 1e3, -1e3};
    for (int i = 0; i < 4; i++) {
        m = mix(TERN_MIXING_TEMPERATURE, NULL, hostile[i]);
        count_sources(m, 0, n, count);
        ck_assert_int_eq(count[i % 2 ? 2 : 1], n);
        tern_mixture_free(m);
    }
}
END_TEST

START_TEST(one_source_is_its_own_plan_whatever_the_kind)
{
    const double weight = 0.25;
    for (int kind = TERN_MIXING_PROPORTIONAL; kind <= TERN_MIXING_TEMPERATURE; kind++) {
        tern_mixture *m = tern_mixture_create(&(tern_mixture_options){
            .kind = (tern_mixing)kind, .n = 1, .samplers = samplers, .weights = &weight, .alpha = 0.3, .seed = 42});
        int64_t step = 0;
        for (int64_t epoch = 0; epoch < 4; epoch++) {
            tern_plan *plan = tern_sampler_plan(samplers[0], epoch);
            for (int64_t b = 0; b < plan->n_batches; b++, step++) {
                tern_mixture_place at = tern_mixture_at(m, step);
                ck_assert(at.source == 0 && at.source_epoch == epoch && at.batch == b && at.epoch == epoch &&
                          at.epoch_step == b && at.epoch_steps == plan->n_batches);
                int64_t n;
                const int64_t *batch = tern_mixture_rows(m, &at, &n);
                ck_assert_int_eq(n, plan->start[b + 1] - plan->start[b]);
                ck_assert_mem_eq(batch, plan->rows + plan->start[b], (size_t)n * sizeof *batch);
            }
            tern_plan_free(plan);
        }
        ck_assert_int_eq(tern_mixture_steps(m, 4), step);
        tern_mixture_free(m);
    }
}
END_TEST

START_TEST(any_stretch_of_a_spread_holds_about_each_groups_share)
{
    const int64_t count[] = {40, 0, 200, 1, 10};
    int64_t order[251], again[251], before[5] = {0};
    tern_spread(count, 5, 1, 2, order);
    tern_spread(count, 5, 1, 2, again);
    ck_assert_mem_eq(order, again, sizeof order);
    tern_spread(count, 5, 1, 3, again);
    ck_assert(memcmp(order, again, sizeof order) != 0);
    /* An item is less than a part from its even place, and so is each of the other groups. */
    for (int64_t i = 0; i < 251; i++) {
        before[order[i]]++;
        for (int g = 0; g < 5; g++)
            ck_assert_double_eq_tol((double)before[g], (double)(count[g] * (i + 1)) / 251, 5);
    }
    ck_assert_mem_eq(before, count, sizeof before);
    const int64_t equal[] = {50, 50, 50};
    tern_spread(equal, 3, 9, 0, order);
    for (int64_t i = 0; i < 150; i += 3)
        ck_assert_int_eq((1 << order[i]) + (1 << order[i + 1]) + (1 << order[i + 2]), 7);
    tern_spread(NULL, 0, 1, 1, NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mixture");
    TCase *tc = tcase_create("mixture");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, proportional_brings_every_row_of_every_source_once_an_epoch);
    tcase_add_test(tc, a_place_depends_on_the_step_alone);
    tcase_add_test(tc, another_seed_is_another_order);
    tcase_add_test(tc, round_robin_takes_turns_until_the_smallest_source_is_through);
    tcase_add_test(tc, weights_give_each_source_its_share);
    tcase_add_test(tc, a_source_of_less_than_a_batch_an_epoch_has_its_turn_some_time);
    tcase_add_test(tc, temperature_goes_from_even_shares_to_proportional_ones);
    tcase_add_test(tc, one_source_is_its_own_plan_whatever_the_kind);
    tcase_add_test(tc, any_stretch_of_a_spread_holds_about_each_groups_share);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}
