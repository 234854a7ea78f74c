#include "data/roles.h"

#include <ctype.h>
#include <string.h>

typedef struct names {
    const char *role, *list; /* names with a blank before and behind each */
} names;

/* After the columns of sentence-transformers', FlagEmbedding's, Tevatron's, MTEB's and Quora's files. A name with its
 * number is looked for first ("sentence2"), then without. */
static const names known[] = {
    {"anchor", " anchor query queries question sentence1 sentence_1 text text1 text_1 question1 premise title "
               "search_query sent1 s1 "},
    {"positive", " positive positives pos pos_text answer answers passage document response sentence2 sentence_2 text2 "
                 "text_2 question2 hypothesis positive_passage positive_passages positive_text positive_document "
                 "positive_doc positive_ctx positive_ctxs relevant sent2 s2 context "},
    {"negative", " negative negatives neg negs neg_text hard_negative hard_negatives hard_neg hard_negs hardneg "
                 "hardnegative negative_passage negative_passages negative_text negative_document negative_doc "
                 "negative_ctx negative_ctxs hard_negative_ctxs distractor irrelevant "},
    {"label", " label labels class category is_duplicate duplicate is_positive target intent gold_label "},
    {"score", " score scores similarity similarity_score sim rating relevance relatedness relatedness_score pos_scores "
              "neg_scores teacher_score teacher_scores ce_score "},
};
enum { N_KNOWN = sizeof known / sizeof *known, LONGEST = 40 };

static const char *role_of(const char *name, size_t n)
{
    char word[LONGEST + 3] = " ";
    memcpy(word + 1, name, n);
    memcpy(word + 1 + n, " ", 2);
    for (int i = 0; i < N_KNOWN; i++)
        if (strstr(known[i].list, word))
            return known[i].role;
    return NULL;
}

const char *tern_role_like(const char *name)
{
    char plain[LONGEST + 1];
    size_t n = strlen(name);
    if (n == 0 || n > LONGEST)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        plain[i] = name[i] == '-' || name[i] == ' ' || name[i] == '.' ? '_' : (char)tolower((unsigned char)name[i]);
    const char *role = role_of(plain, n);
    while (!role && n > 0 && isdigit((unsigned char)plain[n - 1]))
        n--;
    while (!role && n > 0 && plain[n - 1] == '_')
        n--;
    return role || n == 0 ? role : role_of(plain, n);
}

/* Three words or more, a full stop or question mark at the end, or a number. */
static int is_text(const char *name)
{
    size_t n = strlen(name), blanks = 0;
    for (size_t i = 0; i < n; i++)
        blanks += name[i] == ' ' && i > 0 && name[i - 1] != ' ';
    return n > 0 && (blanks >= 3 || strchr(".?!", name[n - 1]) || strspn(name, "0123456789.-+") == n);
}

int tern_names_are_texts(const char *const *list, size_t n)
{
    size_t texts = 0;
    for (size_t i = 0; i < n; i++)
        texts += is_text(list[i]);
    return n > 0 && 2 * texts >= n;
}
