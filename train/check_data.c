#include "train/check_data.h"

#include "base/memory.h"
#include "base/words.h"
#include "losses/loss.h"
#include "train/check.h"

#include <string.h>

enum { MOST_LABELS = 5 };

int tern_check_roles_used(const tern_recipe_loss *given)
{
    const tern_loss *loss = tern_loss_find(given->name);
    int roles = loss->needs & (TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE | TERN_NEEDS_LABEL | TERN_NEEDS_SCORE);
    int all_texts = (loss->needs & TERN_NEEDS_TEACHER_VECTORS) || strcmp(loss->name, "global_orthogonal") == 0;
    if (all_texts)
        roles |= TERN_NEEDS_POSITIVE | TERN_NEEDS_NEGATIVE;
    if ((loss->in_batch && !(loss->needs & TERN_NEEDS_TWICE)) || strcmp(loss->name, "angle") == 0)
        roles |= TERN_NEEDS_NEGATIVE;
    if ((loss->needs & TERN_NEEDS_TEACHER) && !given->teacher)
        roles |= TERN_NEEDS_SCORE;
    return roles;
}

/* Takes each row's positive for right. */
static int trusts_positives(const tern_recipe_loss *given)
{
    const tern_loss *loss = tern_loss_find(given->name);
    return (loss->needs & TERN_NEEDS_POSITIVE) &&
           !(loss->needs & (TERN_NEEDS_SCORE | TERN_NEEDS_LABEL | TERN_NEEDS_TEACHER));
}

static const char *column_of(const tern_findings *findings, const char *role)
{
    for (size_t i = 0; i < findings->n_used; i++)
        if (strcmp(findings->used[i].role, role) == 0)
            return findings->used[i].name;
    return NULL;
}

/* The column that the rows' scores are from. */
static const char *score_column(const tern_findings *findings)
{
    const char *score = column_of(findings, "score");
    return score ? score : column_of(findings, "label");
}

typedef struct spread {
    double least, most;
    int64_t of_least; /* rows with the least */
    int two;          /* all scores are one of the two */
} spread;

static spread spread_of(const tern_rows *rows)
{
    spread s = {.least = rows->score[0], .most = rows->score[0], .two = 1};
    for (int64_t r = 1; r < rows->n; r++) {
        s.least = rows->score[r] < s.least ? rows->score[r] : s.least;
        s.most = rows->score[r] > s.most ? rows->score[r] : s.most;
    }
    for (int64_t r = 0; r < rows->n; r++) {
        s.of_least += rows->score[r] == s.least;
        s.two &= rows->score[r] == s.least || rows->score[r] == s.most;
    }
    return s;
}

/* Of 0 and 1, -1 and 1, or 0 alone: the least means "no". */
static int is_judgement(const spread *s)
{
    int nothing_right = s->least == s->most && s->least <= 0;
    return s->two && ((s->most == 1 && (s->least == 0 || s->least == -1)) || nothing_right);
}

int tern_check_judgements(const tern_recipe *recipe, int source, const tern_rows *rows, const tern_findings *findings,
                          tern_error *error)
{
    const tern_recipe_source *from = &recipe->sources[source];
    if (rows->n_scores != 1 || rows->n == 0)
        return 0;
    spread s = spread_of(rows);
    for (int j = 0; j < from->n_losses && is_judgement(&s); j++)
        if (trusts_positives(&from->losses[j]))
            return tern_fail(
                error,
                "%s: the loss %s takes the positive of each row for right, but %s is %s in %lld of the %lld "
                "rows of %s; take contrastive, online_contrastive or cosent, or leave these rows "
                "out, or rename the column when it means something else",
                tern_check_loss_line(recipe, source, j, "name"), from->losses[j].name, score_column(findings),
                s.least == 0 ? "0" : "-1", (long long)s.of_least, (long long)rows->n, from->data.file);
    return 0;
}

/* "entailment in 20 rows, neutral in 19, ..." of the labels in their order. A new string. */
static char *list_labels(const tern_findings *findings)
{
    tern_buffer text = {0};
    tern_buffer_add(&text, "", 0);
    for (size_t i = 0; i < findings->n_labels && i < MOST_LABELS; i++)
        tern_buffer_printf(&text, "%s%s in %lld%s%s", i ? ", " : "", tern_texts_get(findings->labels, (int64_t)i, NULL),
                           (long long)findings->label_rows[i], i ? "" : " row",
                           i ? "" : tern_s(findings->label_rows[i]));
    if (findings->n_labels > MOST_LABELS)
        tern_buffer_printf(&text, " and %zu more", findings->n_labels - MOST_LABELS);
    return text.data;
}

/* What an ignored role's column holds, in brackets: scores with their range, labels with their rows. "" for texts. */
static char *describe(const tern_rows *rows, const tern_findings *findings, int role)
{
    if (role == TERN_NEEDS_SCORE && rows->n_scores == 1) {
        spread s = spread_of(rows);
        return tern_format(" (%g to %g, the least in %lld row%s)", s.least, s.most, (long long)s.of_least,
                           tern_s(s.of_least));
    }
    if (role == TERN_NEEDS_LABEL) {
        char *labels = list_labels(findings), *text = tern_format(" (%s)", labels);
        free(labels);
        return text;
    }
    return tern_strdup("");
}

/* "multiple_negatives_ranking", "the losses a and b" as they follow "by". A new string. */
static char *name_losses(const tern_recipe_source *from)
{
    tern_buffer text = {0};
    tern_buffer_printf(&text, "the loss%s ", from->n_losses > 1 ? "es" : "");
    for (int j = 0; j < from->n_losses; j++)
        tern_buffer_printf(&text, "%s%s", j == 0 ? "" : j + 1 < from->n_losses ? ", " : " and ", from->losses[j].name);
    return text.data;
}

void tern_check_say_findings(const tern_recipe *recipe, int source, const tern_findings *findings,
                             void (*say)(void *context, const char *sentence), void *context)
{
    const tern_recipe_source *from = &recipe->sources[source];
    if (!from->data.file)
        return;
    char *before = recipe->n_sources > 1 ? tern_format("data.train[%d].", source) : tern_strdup("data.train.");
    tern_findings_say(findings, from->data.file, &(tern_naming){before, ": ", 0, 0}, say, context);
    free(before);
}

void tern_check_say_ignored(const tern_recipe *recipe, int source, const tern_rows *rows, const tern_findings *findings,
                            void (*say)(void *context, const char *sentence), void *context)
{
    const tern_recipe_source *from = &recipe->sources[source];
    if (!from->data.file)
        return;
    int used = from->per_label > 0 ? TERN_NEEDS_LABEL : 0;
    for (int j = 0; j < from->n_losses; j++)
        used |= tern_check_roles_used(&from->losses[j]);
    /* Labels that are numbers are the scores of a file without others: looked at as one of them, they are both. */
    int one = rows->has_label && rows->has_score && !column_of(findings, "score");
    const struct {
        int role, there;
        const char *column;
    } roles[] = {
        {TERN_NEEDS_POSITIVE, rows->has_positive, column_of(findings, "positive")},
        {TERN_NEEDS_NEGATIVE, rows->n_negatives > 0, column_of(findings, "negative")},
        {TERN_NEEDS_LABEL, rows->has_label && !(one && (used & TERN_NEEDS_SCORE)), column_of(findings, "label")},
        {TERN_NEEDS_SCORE, rows->has_score && !one, column_of(findings, "score")},
    };
    for (size_t k = 0; k < sizeof roles / sizeof *roles; k++) {
        if (!roles[k].there || (used & roles[k].role))
            continue;
        char *losses = name_losses(from), *what = describe(rows, findings, roles[k].role);
        char *text = tern_format("%s: %s is not used by %s%s", from->data.file, roles[k].column, losses, what);
        say(context, text);
        free(text);
        free(what);
        free(losses);
    }
}
