/* tern selftest: gradients, losses, a whole model and the kernels, checked on this machine. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/words.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "selftest/selftest.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static const char *only;
static int json;

static const tern_flag flags[] = {
    {"only", TERN_FLAG_STRING, &only, "NAME",
     "one check (linear, triplet, bert, exp, ...) or group (op, loss, model, kernel)"},
    {"json", TERN_FLAG_BOOL, &json, NULL, "one JSON object on stdout"},
    {NULL, TERN_FLAG_BOOL, NULL, NULL, NULL},
};

static const tern_command command = {
    .name = "selftest",
    .arguments = "",
    .summary = "Checks every gradient against differences in double, float against double, and the kernels, on this "
               "machine.",
    .example = "  tern selftest\n"
               "  tern selftest --only in_batch_softmax",
    .flags = flags,
};

/* The columns of a row: shapes, the errors that it has, the verdict. */
static void print_row(void *context, const tern_selftest_row *row)
{
    char gradient[32] = "", single[32] = "";
    (void)context;
    if (row->ulp >= 0)
        snprintf(gradient, sizeof gradient, "%.2f ulp", row->ulp);
    else if (strcmp(row->group, "check") == 0) /* gradients that are wrong on purpose: being far off is right */
        snprintf(gradient, sizeof gradient, "off by %.1e, %s", row->gradient_error, row->ok ? "seen" : "missed");
    else
        snprintf(gradient, sizeof gradient, "gradient %.1e", row->gradient_error);
    if (row->float_error >= 0)
        snprintf(single, sizeof single, "float %.1e", row->float_error);
    char *line = tern_format("%-31s%6d %-8s%-18s%-14s%s", row->name, row->shapes, row->ulp >= 0 ? "values" : "shapes",
                             gradient, single, row->ok ? "ok" : "FAILED");
    tern_print_fitted(stdout, line, 0);
    free(line);
    if (!row->ok)
        printf("    worst: %s\n", row->worst);
    fflush(stdout);
}

/* JSON has no infinity: a value that isn't finite is null. */
static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static void add_row(void *context, const tern_selftest_row *row)
{
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:b}", "group", row->group, "name", row->name, "shapes", row->shapes, "ok", row->ok);
    if (row->gradient_error >= 0)
        json_object_set_new(object, "gradient_error", number(row->gradient_error));
    if (row->float_error >= 0)
        json_object_set_new(object, "float_error", number(row->float_error));
    if (row->ulp >= 0)
        json_object_set_new(object, "ulp", number(row->ulp));
    if (!row->ok)
        json_object_set_new(object, "worst", json_string(row->worst));
    json_array_append_new(context, object);
}

static void print_json(json_t *rows, int failed, int ran, double seconds)
{
    json_t *object = json_pack("{s:o, s:i, s:i, s:f, s:b}", "checks", rows, "ran", ran, "failed", failed, "seconds",
                               seconds, "ok", failed == 0);
    char *text = json_dumps(object, JSON_COMPACT);
    puts(text);
    free(text);
    json_decref(object);
}

int tern_cmd_selftest(int argc, char **argv)
{
    int status = tern_flags_parse(&command, argc, argv, NULL);
    if (status != TERN_GO_ON)
        return status;
    double start = tern_seconds();
    int ran = 0;
    json_t *rows = json ? json_array() : NULL;
    int failed = tern_selftest_run(only, &ran, json ? add_row : print_row, rows);
    double seconds = tern_seconds() - start;
    if (ran == 0) {
        json_decref(rows);
        return tern_command_usage(&command, "no check or group is named '%s'", only);
    }
    if (json)
        print_json(rows, failed, ran, seconds);
    else
        printf("%d check%s, %d failed, %.1f s\n", ran, tern_s(ran), failed, seconds);
    return tern_command_end(failed ? TERN_EXIT_FAILED : TERN_EXIT_DONE);
}
