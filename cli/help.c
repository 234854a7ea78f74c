/* tern help TOPIC: losses, one loss, one key of a recipe, a name that another tool has for either. */
#include "cli/help.h"

#include "cli/command.h"
#include "cli/terminal.h"

#include "base/memory.h"
#include "base/nearest.h"
#include "base/visible.h"
#include "losses/loss.h"
#include "recipes/other_tools.h"
#include "recipes/recipe.h"
#include "train/check.h"

#include <string.h>

enum { MOST_NAMES = 128 };

/* The columns that a loss reads, and the model it needs beside them. A new string. */
static char *needs_text(const tern_loss *loss)
{
    static const struct {
        int need;
        const char *text;
    } parts[] = {
        {TERN_NEEDS_POSITIVE, ", positive"},
        {TERN_NEEDS_NEGATIVE, ", negative"},
        {TERN_NEEDS_LABEL, ", label"},
        {TERN_NEEDS_SCORE, ", score"},
        {TERN_NEEDS_GUIDE, "; a guide model"},
        {TERN_NEEDS_TEACHER, "; score or a teacher model"},
        {TERN_NEEDS_TEACHER_VECTORS, "; a teacher model"},
    };
    tern_buffer text = {0};
    tern_buffer_printf(&text, "%s", loss->needs & TERN_NEEDS_TWICE ? "texts alone (anchor)" : "anchor");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (loss->needs & parts[i].need)
            tern_buffer_printf(&text, "%s", parts[i].text);
    if (loss->in_batch && !(loss->needs & (TERN_NEEDS_TWICE | TERN_NEEDS_NEGATIVE)))
        tern_buffer_printf(&text, "; negative where there is one");
    return text.data;
}

static void print_group(const char *needs)
{
    char *head = tern_format("\n%s", needs);
    tern_print_fitted(stdout, head, TERN_VISIBLE_LINES);
    free(head);
    for (const tern_loss *loss = tern_losses; loss->name; loss++) {
        char *own = needs_text(loss), *line = tern_format("    %s: %s", loss->name, loss->help);
        if (strcmp(own, needs) == 0)
            tern_print_fitted(stdout, line, 0);
        free(line);
        free(own);
    }
}

/* By what they need, in the order of the first that needs it. */
static void print_losses(void)
{
    tern_print_fitted(stdout,
                      "Losses by the columns that they need. tern help LOSS says more of one, docs/losses.md all.", 0);
    for (const tern_loss *loss = tern_losses; loss->name; loss++) {
        char *needs = needs_text(loss);
        int first = 1;
        for (const tern_loss *before = tern_losses; before != loss && first; before++) {
            char *other = needs_text(before);
            first = strcmp(needs, other) != 0;
            free(other);
        }
        if (first)
            print_group(needs);
        free(needs);
    }
    puts("\nAround any of them: loss.matryoshka and loss.adaptive_layer.");
}

static void print_loss(const tern_loss *loss)
{
    char *needs = needs_text(loss), *keys = tern_check_loss_keys(loss->name);
    char *page =
        tern_format("%s\n%s\n\nNeeds:  %s%s\nRecipe: loss: {name: %s%s%s}\nKeys:   %s\n\nThe formula is in "
                    "docs/losses.md; tern help loss.scale, for example, shows a key.",
                    loss->name, loss->help, needs, loss->needs & TERN_NEEDS_SEVERAL ? "; batches of several rows" : "",
                    loss->name, loss->needs & TERN_NEEDS_GUIDE ? ", guide: MODEL" : "",
                    loss->needs & TERN_NEEDS_TEACHER_VECTORS ? ", teacher: MODEL" : "", keys);
    tern_print_fitted(stdout, page, TERN_VISIBLE_LINES);
    free(page);
    free(keys);
    free(needs);
}

static const tern_loss *find_loss(const char *name)
{
    const tern_other_name *other = tern_other_name_find(name);
    for (const tern_loss *loss = tern_losses; loss->name; loss++)
        if (tern_other_name_equal(loss->name, name))
            return loss;
    return other && other->value ? tern_loss_find(other->value) : NULL;
}

int tern_help_topic(const char *name)
{
    const tern_loss *loss = find_loss(name);
    const tern_other_name *other = tern_other_name_find(name);
    if (tern_other_name_equal(name, "losses")) {
        print_losses();
        return 1;
    }
    if (!loss) {
        char *page = tern_recipe_help(name);
        int known = page != NULL;
        if (page)
            tern_print_fitted(stdout, page, TERN_VISIBLE_LINES);
        free(page);
        return known;
    }
    if (strcmp(loss->name, name) != 0) {
        char *advice = other ? tern_other_name_advice(other) : tern_format("tern calls it %s", loss->name);
        char *line = tern_format("%s: %s\n", name, advice);
        tern_print_fitted(stdout, line, TERN_VISIBLE_LINES);
        putchar('\n');
        free(line);
        free(advice);
    }
    print_loss(loss);
    return 1;
}

char *tern_help_near(const char *name, const char *const *commands, int n)
{
    const char *names[MOST_NAMES];
    size_t count = 0;
    for (int i = 0; i < n && count < MOST_NAMES - 2; i++)
        names[count++] = commands[i];
    names[count++] = "losses";
    names[count++] = "recipe-keys";
    for (const tern_loss *loss = tern_losses; loss->name && count < MOST_NAMES; loss++)
        names[count++] = loss->name;
    const char *near = tern_nearest(name, names, count);
    return near ? tern_strdup(near) : tern_recipe_help_near(name);
}
